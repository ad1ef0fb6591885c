import { execFile } from 'node:child_process';
import { startSources } from '../../../src/host/events/sources.ts';
import { FAMILIES, type Family } from '../../../src/net/family.ts';

/** What the floor puts back: what a save of each family printed when all was well. */
export type Wanted = Readonly<Record<Family, string>>;

const TOOLS = {
  ipv4: ['iptables-nft-save', 'iptables-nft-restore'],
  ipv6: ['ip6tables-nft-save', 'ip6tables-nft-restore'],
} as const satisfies Readonly<Record<Family, readonly [string, string]>>;

/** Tables of a save by name, without what was counted, and with chains in one order: a chain that is made anew is saved last. */
export const tablesOf = (save: string): ReadonlyMap<string, string> =>
  new Map(
    [...save.matchAll(/^\*(\w+)\n([^]*?)^COMMIT$/gm)].map(([, name = '', body = '']) => {
      const lines = body
        .replaceAll(/\[\d+:\d+\]/g, '[0:0]')
        .split('\n')
        .slice(0, -1);
      const chainOf = (line: string): string =>
        line.startsWith(':') ? ` ${line}` : (line.split(' ')[1] ?? '');
      const ordered = lines.toSorted((a, b) =>
        chainOf(a) < chainOf(b) ? -1 : chainOf(a) > chainOf(b) ? 1 : 0,
      );
      return [name, `*${name}\n${ordered.join('\n')}\nCOMMIT\n`];
    }),
  );

/**
 * The least that puts rules back: a change is told of, both families are saved, compared as text, and each table that differs is loaded whole.
 * It asks nobody what is meant, takes no lock, writes no journal and would take back whatever Docker did. Prints `ready`; ends with its input.
 */
export async function floorHere(wanted: Wanted): Promise<void> {
  let isAgain = true;
  let isAtWork = false;
  const work = async (): Promise<void> => {
    if (isAtWork) return;
    isAtWork = true;
    while (isAgain) {
      isAgain = false;
      const saves = await Promise.all(FAMILIES.map((family) => output(TOOLS[family][0])));
      for (const [at, family] of FAMILIES.entries()) {
        const live = tablesOf(saves[at] ?? '');
        const lost = [...tablesOf(wanted[family])].filter(([name, text]) => live.get(name) !== text);
        if (lost.length === 0) continue;
        await output(TOOLS[family][1], lost.map(([, text]) => text).join(''));
      }
    }
    isAtWork = false;
  };
  const source = startSources(
    {
      seen: ({ kind }) => {
        if (kind !== 'rules') return;
        isAgain = true;
        void work();
      },
      state: ({ works }) => {
        if (works) console.log('ready');
      },
    },
    ['nftables'],
  );
  await work();
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('end', resolve));
  await source.stop();
  process.exit();
}

function output(program: string, input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, { encoding: 'latin1', maxBuffer: 1 << 28 }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program}: ${error.message}`));
    });
    // A save reads nothing and may be over by now, and a restore may refuse its first line: how it ended is told by its exit.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
