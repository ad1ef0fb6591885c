import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import { startEngine, type Engine } from './engine.ts';
import type { Era } from './eras.ts';
import { scenariosOf } from './scenarios.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures');

/** The Engine's own account of itself, as its API gives it. */
async function inventory(engine: Engine): Promise<unknown> {
  const list = (await engine.api('/networks')) as readonly { readonly Id: string }[];
  const networks = await Promise.all(list.map(({ Id }) => engine.api(`/networks/${Id}`)));
  return {
    version: await engine.api('/version'),
    networks,
    containers: await engine.api('/containers/json'),
  };
}

/**
 * Builds one scenario on a fresh Engine and writes what its own iptables-save and its API say to test/fixtures.
 * @param name a scenario of the era, empty for the main one
 * @returns the directory written
 */
export async function record(era: Era, name: string): Promise<string> {
  const scenario = scenariosOf(era).get(name);
  if (scenario === undefined) throw new Error(`${era} has no scenario ${name}`);
  const engine = await startEngine({ era, ...scenario.options });
  try {
    await scenario.build(engine);
    const directory = path.join(FIXTURES, ['engine', era, name].filter(Boolean).join('-'));
    mkdirSync(directory, { recursive: true });
    for (const [file, tool] of [
      ['ipv4.save', 'iptables-save'],
      ['ipv6.save', 'ip6tables-save'],
    ] as const) {
      const { stdout } = await engine.execInside(tool, ['-c']);
      writeFileSync(path.join(directory, file), stdout, 'latin1');
    }
    const json = await format(JSON.stringify(await inventory(engine)), { parser: 'json', printWidth: 110 });
    writeFileSync(path.join(directory, 'engine.json'), json);
    return directory;
  } finally {
    await engine.stop();
  }
}
