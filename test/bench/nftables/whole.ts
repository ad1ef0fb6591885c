import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { interleave, type Samples } from '../clock.ts';
import { listenOn, makeIntact } from '../reach/intact.ts';
import { ANY_VERDICT, Installed, must } from '../program.ts';
import { followingNothing } from '../reach/reach.ts';
import { IS_SHORT } from '../self.ts';
import { BESIDE_FLOOR, besideFloor, tableOf } from '../tables.ts';
import { nftBenchHost, type NftBenchHost } from './host.ts';

/** Rules of Docker's in its own tables, and how often each size is run. */
export const NFT_SIZES: readonly (readonly [rules: number, rounds: number])[] = [
  [100, 15],
  [1_000, 5],
  [10_000, 5],
  [100_000, 1],
];

/** Up to so many rules the whole program is measured too, on a host where packets get everywhere: see docs/evidence/performance.md. */
const MOST_FOLLOWED = 10_000;

type Line = readonly [string, ...string[]];

const LISTS = ['ip', 'ip6'].map((family): Line => ['nft', '-j', 'list', 'table', family, 'docker-bridges']);

/**
 * Whole processes of `check` and `restore` beside Docker's nftables backend, against what they cannot do without:
 *
 * - `check`: a Node process that asks the Engine, and Docker's tables listed once
 * - `restore` after `nft flush ruleset`, when nothing is left to list: a Node process that asks the Engine, one `nft -f` of the whole
 *   tables, and the tables listed to verify them
 *
 * The program as it is, and one that follows no packets: that shows what reading, comparing and repairing tables costs.
 *
 * @throws Error where the rules are not repaired at the end
 */
export function nftTable(rules: number, rounds: number): string {
  const host = nftBenchHost(rules);
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-bench-nft-'));
  const proxy = rules <= MOST_FOLLOWED ? intact(host) : undefined;
  try {
    followingNothing(folder);
    const programs = [
      ...(rules <= MOST_FOLLOWED ? [['packets followed', undefined] as const] : []),
      ['no packet followed', folder] as const,
    ];
    return tableOf(
      ['rules', 'published ports', 'what', ...BESIDE_FLOOR],
      programs.flatMap(([which, project]) => {
        const { check, restore } = measured(host, new Installed('bare', project), folder, rounds);
        const row = (what: string, { floor, whole }: BesideFloor): readonly string[] => [
          ...[String(host.rules), String(host.ports), `${what}, ${which}`],
          ...besideFloor(floor, whole),
        ];
        return [row('`check`, intact', check), row('`restore` after nft flush ruleset', restore)];
      }),
    );
  } finally {
    proxy?.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Makes all that packets take beside the rules. */
function intact({ bridges, ports }: NftBenchHost): ReturnType<typeof listenOn> {
  makeIntact(bridges);
  return listenOn(ports);
}

type BesideFloor = Readonly<Record<'floor' | 'whole', Samples>>;

function measured(
  host: NftBenchHost,
  installed: Installed,
  folder: string,
  rounds: number,
): Readonly<Record<'check' | 'restore', BesideFloor>> {
  const file = path.join(folder, 'tables.nft');
  writeFileSync(file, host.text);
  const write: Line = ['nft', '-f', file];
  const flush = (): void => {
    must('nft', ['flush', 'ruleset']);
  };
  try {
    installed.answer(host);
    flush();
    installed.commands([write]);
    const check = interleave(
      {
        floor: () => installed.ask() + installed.commands(LISTS),
        whole: () => installed.rulesguard(['check'], {}, ANY_VERDICT),
      },
      IS_SHORT ? 1 : rounds,
    );
    const restore = interleave(
      {
        floor: () => {
          flush();
          return installed.ask() + installed.commands([write, ...LISTS]);
        },
        whole: () => {
          flush();
          return installed.rulesguard(['restore'], {}, [0, 1]);
        },
      },
      IS_SHORT ? 1 : rounds,
    );
    installed.requireIntact();
    return { check, restore };
  } finally {
    installed.dispose();
    flush();
  }
}
