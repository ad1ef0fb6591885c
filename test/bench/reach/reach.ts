import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JudgedTable } from '../../../src/reach/judge/judge.ts';
import { interleave, least, median } from '../clock.ts';
import { listenOn, makeIntact } from './intact.ts';
import { HERE, Installed } from '../program.ts';
import { servingHost } from '../ruleset.ts';
import { IS_SHORT } from '../self.ts';
import { tableOf } from '../tables.ts';

/** Containers with one published port each, the networks they are on, and rounds. */
const SIZES: readonly (readonly [ports: number, networks: number, rounds: number])[] = IS_SHORT
  ? [[3, 1, 1]]
  : [
      [30, 3, 15],
      [500, 20, 9],
    ];

const HEAD = [
  ...['published ports', 'networks', 'what', 'without, best ms', 'with, best ms'],
  ...['ratio of bests', 'ratio of medians', 'ratio of processor time'],
];

const CASES = [
  ['`check`', ['check']],
  ['`hook post`, intact', ['hook', 'post', '--target', 'bench']],
] as const;

/**
 * `check` and `hook post` on hosts that are intact, links and docker-proxy included, beside the same program that reads as much, and follows no packet: interfaces, routes, routing
 * rules, settings and sockets are read by both.
 */
export function reachTable(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-reach-'));
  try {
    followingNothing(folder);
    return tableOf(
      HEAD,
      SIZES.flatMap((size) => rowsOf(folder, ...size)),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const FOLLOWS = 'judgedTable(terrain, judging)';
const EMPTY: JudgedTable = {
  ...{ cells: [], promised: 0, unasked: [] },
  counts: { same: 0, outage: 0, exposure: 0, degraded: 0, operator: 0, unknown: 0 },
};

/** Builds this program in a folder so that it makes an empty table of reachability. */
export function followingNothing(folder: string): void {
  const parts = ['bin', 'packaging', 'schemas', 'src', 'package.json', 'LICENSE'];
  for (const part of parts.filter((one) => existsSync(path.join(HERE, one))))
    cpSync(path.join(HERE, part), path.join(folder, part), { recursive: true });
  symlinkSync(path.join(HERE, 'node_modules'), path.join(folder, 'node_modules'));
  const file = path.join(folder, 'src/app/check/packets.ts');
  const text = readFileSync(file, 'utf8');
  if (!text.includes(FOLLOWS)) throw new Error(`${file} follows no packets`);
  writeFileSync(file, text.replace(FOLLOWS, JSON.stringify(EMPTY)));
  execFileSync(process.execPath, ['packaging/build.mjs'], { cwd: folder, stdio: 'ignore' });
}

function rowsOf(
  folder: string,
  ports: number,
  networks: number,
  rounds: number,
): readonly (readonly string[])[] {
  const host = servingHost(ports, networks);
  makeIntact(host.bridges);
  const proxy = listenOn(ports);
  const [without, whole] = [new Installed('bare', folder), new Installed('bare')];
  try {
    for (const installed of [without, whole]) {
      installed.load(host);
      installed.rulesguard(['hook', 'pre', '--target', 'bench']);
    }
    return CASES.map(([what, words]) => {
      const samples = interleave(
        { without: () => without.rulesguard(words), whole: () => whole.rulesguard(words) },
        rounds,
      );
      const [before, now] = [samples.without, samples.whole];
      const ratios = [
        least(now.wall) / least(before.wall),
        median(now.wall) / median(before.wall),
        now.cpu / before.cpu,
      ];
      const took = [least(before.wall), least(now.wall)].map((ms) => ms.toFixed(0));
      return [String(ports), String(networks), what, ...took, ...ratios.map((one) => one.toFixed(2))];
    });
  } finally {
    proxy.stop();
    for (const installed of [without, whole]) installed.dispose();
  }
}
