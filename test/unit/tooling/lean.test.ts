import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { lean } from '../../../packaging/lean.mjs';

/** Uses every part of yargs and execa that has a replacement in the bundle. */
const program = `
import { execa, execaSync } from 'execa';
import yargs from 'yargs';

async function main() {
  const killed = await execa('sh', ['-c', 'kill -SEGV $$'], { reject: false });
  console.log(killed.shortMessage, killed.signalDescription);
  const late = await execa('sleep', ['9'], { timeout: 20, reject: false });
  console.log(late.timedOut, late.shortMessage);
  console.log(execaSync('echo', ['sync']).stdout);
  await execa('echo', ['loud'], { verbose: (line) => line.replace(/\\d+/g, '0') });
  await execa('cat', { stdin: process.stdin, stdout: process.stdout });
  await execa('cat', { input: 'to both\\n', stdout: ['pipe', 'inherit'] });
  try {
    await execa('cat', { ipc: true, ipcInput: () => 0 });
  } catch (error) {
    console.log(error.message);
  }
  const parser = yargs(['--wide']).scriptName('x').usage('$0 [options]').locale('en').version('1');
  console.log(await parser.option('wide', { describe: '漢字 🙂 '.repeat(12) }).wrap(60).getHelp());
  console.log(await parser.strict().fail((message) => console.log(message)).parse(['--narrow']));
}
main();
`;

/** Bundles the program, runs it and gives everything it printed. */
async function output(plugins: Plugin[]): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rulesguard-lean-'));
  const outfile = path.join(folder, 'program.cjs');
  await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    bundle: true,
    outfile,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    define: { 'import.meta.url': '"file:///program.cjs"' },
    plugins,
  });
  const { stdout, stderr } = await execa(process.execPath, [outfile], { input: 'standard input\n' });
  await rm(folder, { recursive: true });
  return `${stdout}\n${stderr}`;
}

test('a bundle with replacements does what one without them does', { timeout: 60_000 }, async () => {
  const plain = await output([]);
  for (const part of [
    '(Segmentation fault)',
    'sync',
    'echo loud',
    'standard input',
    'ipcInput',
    '漢字',
    'narrow',
  ])
    expect(plain).toContain(part);
  expect(await output([lean()])).toBe(plain);
});
