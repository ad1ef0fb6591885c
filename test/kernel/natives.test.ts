import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeVariant, FAMILIES } from '../support/kernel.ts';
import { dice } from '../support/trace/dice.ts';
import type { Verdict } from '../support/trace/judge.ts';
import { openStage, playNatives, type NativeStage } from '../support/trace/natives/play.ts';
import { generateTables } from '../support/trace/natives/tables.ts';
import { generateScene, throwSysctls, type Scene } from '../support/trace/rulesets.ts';
import { buildTown } from '../support/trace/town.ts';
import { IS_CAMPAIGN } from '../support/incident/share.ts';

const RESULTS = path.resolve(import.meta.dirname, '../../test-results');
/** A fixed seed, so that CI judges the change and not chance; to search for new faults set another. */
const CI_SEED = 22;
const seed = Number(
  process.env['TRACE_SEED'] ?? (process.env['CI'] === 'true' ? CI_SEED : Math.floor(Math.random() * 2 ** 31)),
);
/** Of each family. A campaign is run in pieces: `TRACE_RULESETS` says how many, `TRACE_FIRST` from which. */
const RULESETS = Number(process.env['TRACE_RULESETS'] ?? (IS_CAMPAIGN ? 2_500 : 30));
/** From which one on. */
const FIRST = Number(process.env['TRACE_FIRST'] ?? 0);
const PACKETS = 8;
/** Of all answers, in percent. */
const MOST_UNKNOWN = 3;

function sceneOf(family: Scene['family'], number: number): Scene {
  const throws = dice(seed + number * 2 + (family === 'ipv6' ? 1 : 0));
  const beside = throws.chance(35)
    ? generateScene(throws, '', { family, exotic: false, variants: ['nft'] }).rules
    : {};
  return {
    ...{ name: `ruleset ${String(number)}, seed ${String(seed)}`, family, rules: beside },
    natives: generateTables(throws, family),
    // Without forwarding IPv6 takes routes away, and all but the rules is read once.
    sysctls: {
      ...throwSysctls(throws, family, false),
      ...(family === 'ipv6' && { 'ipv6/conf/all/forwarding': '1' }),
    },
    ...{ exotic: true, destinations: [], ports: [] },
  };
}

const rows: string[] = [];
afterAll(() => {
  if (rows.length === 0) return;
  const head =
    '| family | rulesets | packets | right | sent to nobody | unknown | wrong |\n|---|---|---|---|---|---|---|';
  const text = `${[head, ...rows].join('\n')}\n\nSeed ${String(seed)} (TRACE_SEED).\n`;
  console.log(text);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(path.join(RESULTS, 'natives.md'), text);
});

describeVariant(
  "the trace follows nftables' own tables as the kernel does",
  'nft',
  () => {
    const stages: NativeStage[] = [];
    beforeAll(async () => {
      while (stages.length < FAMILIES.length) stages.push(await openStage(await buildTown()));
    });
    afterAll(async () => {
      for (const { town } of stages) await town.dispose();
    });

    test.concurrent.each(FAMILIES.map((family, i) => [family, i] as const))(
      '%s: no answer is wrong, nearly all are known',
      async (family, i) => {
        const counts: Record<Verdict, number> = { right: 0, unknown: 0, nobody: 0, wrong: 0 };
        const wrong: string[] = [];
        const whys = new Map<string, number>();
        const stage = stages[i] as NativeStage;
        for (let number = FIRST; number < FIRST + RULESETS; number++) {
          const tally = await playNatives(stage, {
            ...{ scene: sceneOf(family, number), dice: dice(seed + number), count: PACKETS },
            // Numbers below are those that answers of the kernel's own carry.
            firstId: 100 + number * PACKETS,
          });
          for (const verdict of Object.keys(counts) as Verdict[]) counts[verdict] += tally.counts[verdict];
          wrong.push(...tally.wrong);
          for (const why of tally.whys) whys.set(why, (whys.get(why) ?? 0) + 1);
        }
        const { right, nobody, unknown } = counts;
        const packets = right + nobody + unknown + counts.wrong;
        rows.push(`| ${[family, RULESETS, packets, right, nobody, unknown, counts.wrong].join(' | ')} |`);
        expect(wrong.slice(0, 40), `seed ${String(seed)}: ${String(counts.wrong)} wrong`).toEqual([]);
        const common = [...whys].sort(([, a], [, b]) => b - a).slice(0, 20);
        console.log(JSON.stringify(common, undefined, 1));
        expect((unknown / packets) * 100, JSON.stringify(common, undefined, 1)).toBeLessThan(MOST_UNKNOWN);
      },
    );
  },
  ['ipset', 'perl', 'nft'],
);
