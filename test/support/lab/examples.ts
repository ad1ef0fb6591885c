import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { container, network } from './build.ts';
import { startEngine } from './engine.ts';
import type { Era } from './eras.ts';
import { LAB_ENV } from './run.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../../../bin/rulesguard.js');
/** Debian's own file, as its package installs it: it begins with a flush of everything. */
const NFTABLES_CONF =
  '#!/usr/sbin/nft -f\nflush ruleset\ntable inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter;\n\t}\n}\n';

/**
 * What README.md and docs show: the host they describe, and what each command of theirs prints on it.
 *
 * @returns the session as Markdown; the documents quote lines of it
 */
export async function recordExamples(era: Era): Promise<string> {
  const engine = await startEngine({ era });
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-examples-'));
  const conf = path.join(folder, 'nftables.conf');
  writeFileSync(conf, NFTABLES_CONF);
  const lines: string[] = [];
  const env = {
    RULESGUARD_STATE_DIR: path.join(folder, 'state'),
    RULESGUARD_RUN_DIR: path.join(folder, 'run'),
  };
  const suite = { PATH: `${engine.suitePath}:${LAB_ENV['PATH'] ?? ''}` };
  const type = async (typed: string, more: Readonly<Record<string, string>> = suite): Promise<void> => {
    const command = typed
      .replace(/^rulesguard/, `${process.execPath} ${PROGRAM}`)
      .replace('/etc/nftables.conf', conf);
    const { code, stdout, stderr } = await engine.exec('sh', ['-c', `${command} 2>&1`], {
      env: { ...env, ...more },
    });
    const printed = Buffer.from(stdout + stderr, 'latin1')
      .toString()
      .replaceAll(conf, '/etc/nftables.conf');
    lines.push(`$ sudo ${typed}`, printed.trimEnd(), `[exit ${String(code)}]`, '');
  };
  try {
    await container(engine, 'web', ['-p', '8080:80', '-p', '5353:5353/udp']);
    await network(engine, 'app');
    await container(engine, 'db', ['--network', 'app', '-p', '127.0.0.1:5432:5432'], ['5432/tcp']);

    await type('iptables -t nat -F');
    for (const typed of ['check', 'restore --dry-run', 'restore', 'check', 'snapshot'])
      await type(`rulesguard ${typed}`);
    await type('iptables -t nat -D PREROUTING -m addrtype --dst-type LOCAL -j DOCKER');
    for (const typed of ['snapshot', 'snapshot --repair-first']) await type(`rulesguard ${typed}`);
    for (const typed of ['list', 'verify', 'diff 000001 000002']) await type(`rulesguard baseline ${typed}`);
    // A sandbox of this machine's cannot enter the Engine's root, so this machine's own iptables is used.
    for (const typed of ['run -- iptables -t nat -F POSTROUTING', 'check --candidate /etc/nftables.conf'])
      await type(`rulesguard ${typed}`, {});
    await type('iptables -I FORWARD -p tcp --dport 80 -j DROP');
    for (const typed of ['check', 'doctor web']) await type(`rulesguard ${typed}`);
    await type('iptables -D FORWARD -p tcp --dport 80 -j DROP');
    await type('iptables -t nat -F');
    await type('rulesguard check --nagios');
    await type('rulesguard restore', { ...suite, DOCKER_HOST: `unix://${folder}/none.sock` });
    for (const typed of ['restore', 'restore --undo', 'restore']) await type(`rulesguard ${typed}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await engine.stop();
  }
  return `${lines.join('\n')}\n`;
}
