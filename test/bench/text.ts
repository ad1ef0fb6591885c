import { ownHost } from '../../src/firewall/iptables/ownership/ownership.ts';
import { type HostRules, EMPTY_RULESET } from '../../src/firewall/iptables/text/model.ts';
import { compare, ownLive } from '../../src/firewall/iptables/compare/compare.ts';
import type { Sides } from '../../src/firewall/iptables/compare/drift.ts';
import { isEmptyPlan, planRepair } from '../../src/firewall/iptables/plan/plan.ts';
import { parseSave } from '../../src/firewall/iptables/text/parse.ts';
import { printSave } from '../support/save-text.ts';
import { IS_SHORT } from './self.ts';
import { interleave, least, median, timed, type Samples } from './clock.ts';
import { dockerHost, mixedHost, type BenchHost } from './ruleset.ts';
import { tableOf } from './tables.ts';

const ROUNDS = IS_SHORT ? 1 : 15;
const RULES = IS_SHORT ? 1_000 : 100_000;

/** Parsing and printing 100,000 rules, as rules a second. */
export function textTable(): string {
  const rows = [dockerHost(RULES), mixedHost(RULES)].flatMap((host) => {
    const text = host.text.ipv4;
    const save = parseSave(text);
    const samples = interleave(
      { parse: () => timed(() => parseSave(text)), print: () => timed(() => printSave(save)) },
      ROUNDS,
    );
    return [rateRow(host, 'parse', samples.parse), rateRow(host, 'print', samples.print)];
  });
  return tableOf([`${String(RULES)} rules`, '', 'best, M rules/s', 'median, M rules/s'], rows);
}

const rateRow = (host: BenchHost, what: string, { wall }: Samples): readonly string[] => [
  host.name,
  what,
  rate(least(wall)),
  rate(median(wall)),
];

const rate = (milliseconds: number): string => (RULES / milliseconds / 1000).toFixed(2);

/** Everything lost at once: comparing, and planning the repair, at two sizes. Linear is ten times as long for ten times the rules. */
export function planTable(): string {
  const [small, large] = [flushed(RULES / 10), flushed(RULES)];
  const samples = interleave({ small: () => timed(small), large: () => timed(large) }, ROUNDS);
  const rowOf = (rules: number, { wall }: Samples): readonly string[] => [
    String(rules),
    least(wall).toFixed(0),
    median(wall).toFixed(0),
  ];
  const growth = (by: (values: readonly number[]) => number): string =>
    `${(by(samples.large.wall) / by(samples.small.wall)).toFixed(1)} ×`;
  return tableOf(
    ["Docker's rules, all lost", 'best, ms', 'median, ms'],
    [
      rowOf(RULES / 10, samples.small),
      rowOf(RULES, samples.large),
      ['growth', growth(least), growth(median)],
    ],
  );
}

function flushed(rules: number): () => void {
  const { text } = dockerHost(rules);
  const host: HostRules = { ipv4: parseSave(text.ipv4).ruleset, ipv6: parseSave(text.ipv6).ruleset };
  const base = ownHost(host);
  const live: HostRules = { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };
  return () => {
    const sides: Sides = { desired: base, live, liveOwned: ownLive(base, live, {}) };
    if (isEmptyPlan(planRepair(compare(sides), sides, { policies: 'restore' })))
      throw new Error('nothing planned');
  };
}
