import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeBackend } from '../support/kernel.ts';
import type { Backend } from '../support/netns.ts';
import { dice } from '../support/trace/dice.ts';
import type { Verdict } from '../support/trace/judge.ts';
import { generateScene, type Scene } from '../support/trace/rulesets.ts';
import { play } from '../support/trace/stage.ts';
import { buildTown, type Town } from '../support/trace/town.ts';

const RESULTS = path.resolve(import.meta.dirname, '../../test-results');
const seed = Number(process.env['TRACE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PER_SCENE = 60;

interface Row {
  readonly name: string;
  readonly rulesets: number;
  readonly counts: Readonly<Record<Verdict, number>>;
}
const rows: Row[] = [];

const sent = ({ right, unknown, nobody, wrong }: Row['counts']): number => right + unknown + nobody + wrong;

afterAll(() => {
  if (rows.length === 0) return;
  const table = [
    '| rulesets | how many | packets | known and right | sent to nobody | unknown | wrong |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(({ name, rulesets, counts }) => {
      const { right, nobody, unknown, wrong } = counts;
      return `| ${[name, rulesets, sent(counts), right, nobody, unknown, wrong].join(' | ')} |`;
    }),
  ];
  const total = rows.reduce((sum, { counts }) => sum + sent(counts), 0);
  const text = [...table, '', `${String(total)} packets. Seed ${String(seed)} (TRACE_SEED).`, ''].join('\n');
  console.log(text);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(path.join(RESULTS, 'trace.md'), text);
});

/** Plays scenes and adds up how the answers were. */
async function playAll(
  town: Town,
  name: string,
  backends: readonly Backend[],
  scenes: readonly Scene[],
): Promise<Row['counts']> {
  const counts: Record<Verdict, number> = { right: 0, unknown: 0, nobody: 0, wrong: 0 };
  const wrong: string[] = [];
  const whys = new Set<string>();
  const throws = dice(seed + rows.length);
  for (const [i, scene] of scenes.entries()) {
    const tally = await play(town, {
      ...{ backends, scene, dice: throws, count: PER_SCENE },
      firstId: 1 + i * PER_SCENE,
    });
    for (const verdict of Object.keys(counts) as Verdict[]) counts[verdict] += tally.counts[verdict];
    wrong.push(...tally.wrong);
    if (!scene.exotic) for (const why of tally.whys) whys.add(why);
  }
  rows.push({ name, rulesets: scenes.length, counts });
  expect(wrong, `seed ${String(seed)}`).toEqual([]);
  expect([...whys]).toEqual([]);
  return counts;
}

function scenesOf(count: number, exotic: boolean, salt: number): readonly Scene[] {
  const throws = dice(seed + salt);
  return Array.from({ length: count }, (_, i) => generateScene(throws, `ruleset ${String(i)}`, exotic));
}

const share = (counts: Row['counts']): number => (counts.right + counts.nobody) / sent(counts);

for (const backend of ['nft', 'legacy'] as const)
  describeBackend(
    `the trace says what the kernel does · ${backend}`,
    backend,
    () => {
      let town: Town;
      beforeAll(async () => {
        town = await buildTown();
      });
      afterAll(async () => {
        await town.dispose();
      });

      test('rules it knows: every answer is known, and right', async () => {
        const counts = await playAll(town, `${backend}, known matches`, [backend], scenesOf(16, false, 1));
        expect(counts.unknown).toBe(0);
      });

      test('rules with matches it does not know: never wrong, and often known', async () => {
        const counts = await playAll(
          town,
          `${backend}, unknown matches too`,
          [backend],
          scenesOf(8, true, 2),
        );
        expect(share(counts)).toBeGreaterThan(0.7);
      });
    },
    ['ipset', 'perl'],
  );
