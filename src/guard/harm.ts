import type { OwnedHost, HostRules, OwnedRule } from '../docker/ownership.ts';
import { chainOf, FAMILIES, rulesOf, type Backend, type Family, type Rule } from '../iptables/model.ts';
import { TARGETS } from '../iptables/targets.ts';
import { viewRule } from '../iptables/view.ts';
import { compare, ownLive } from './compare.ts';
import { isDamage, type Finding } from './finding.ts';
import { findingsOf } from './findings.ts';
import { couldShadow, takesPackets } from './shadow.ts';
import type { Surroundings } from './told.ts';

/** A rule that a change puts in front of Docker's, where it takes their packets. */
export interface Shadow {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly rule: string;
  /** The other backend, where the rule stands there: both are in force, and each decides alone. */
  readonly backend?: Backend;
  /** Whether it takes every packet: then Docker's rules behind it are as good as gone. */
  readonly total: boolean;
}

/** What a change does to Docker's rules, told from the rules before and after it. */
export interface Harm {
  /** What is lost, misplaced or doubled; nothing that was so before. The worst first. */
  readonly findings: readonly Finding[];
  readonly shadows: readonly Shadow[];
}

/** Whether a change would hurt: damage, or a rule in front of Docker's that leaves them nothing. */
export function isHurt({ findings, shadows }: Harm): boolean {
  return findings.length > 0 || shadows.some(({ total }) => total);
}

/**
 * Holds the rules a change leaves behind against those it found. Damage that was there before is not the change's.
 *
 * @param before - the live rules, owned
 * @param after - what the change leaves behind
 * @param surroundings - names for the consequences
 * @param settled - the networks are an Engine's own word
 */
export function harmOf(
  before: OwnedHost,
  after: HostRules,
  surroundings: Surroundings,
  settled: boolean,
): Harm {
  const { networks } = surroundings;
  const liveOwned = ownLive(before, after, { networks, settled });
  const drift = compare({ base: before, live: after, liveOwned });
  return {
    findings: findingsOf(drift, surroundings).filter(isDamage),
    shadows: shadowsIn(before, after),
  };
}

/** New rules in built-in chains that stand before a rule of Docker's whose packets they could take. */
function shadowsIn(before: OwnedHost, after: HostRules): readonly Shadow[] {
  return FAMILIES.flatMap((family) =>
    [...before.families[family]].flatMap(([table, chains]) =>
      [...chains.values()]
        .filter(({ builtin }) => builtin)
        .flatMap(({ name, rules }) =>
          newcomersBefore(rules, rulesOf(after[family], table, name)).map((rule): Shadow => ({
            family,
            table,
            chain: name,
            rule: rule.text,
            total: isTotal(rule),
          })),
        ),
    ),
  );
}

/** Whether a rule decides about every packet there is: no condition, and no jump that may come back. */
function isTotal(rule: Rule): boolean {
  if (!rule.text.startsWith(`-A ${rule.chain} -j `)) return false;
  const view = viewRule(rule);
  return takesPackets(view) && TARGETS.has(view.verdict?.target ?? '');
}

function newcomersBefore(before: readonly OwnedRule[], after: readonly Rule[]): readonly Rule[] {
  const dockers = new Set(before.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : [])));
  const last = after.findLastIndex(({ text }) => dockers.has(text));
  const left = new Map<string, number>();
  for (const { rule } of before) left.set(rule.text, (left.get(rule.text) ?? 0) + 1);
  const newcomers = after.slice(0, Math.max(0, last)).flatMap((rule, index) => {
    const known = left.get(rule.text) ?? 0;
    left.set(rule.text, known - 1);
    return known > 0 ? [] : [{ rule, behind: after.slice(index + 1, last + 1) }];
  });
  return newcomers.flatMap(({ rule, behind }) => {
    const view = viewRule(rule);
    const isTaken = ({ text }: Rule): boolean => dockers.has(text) && couldShadow(view, viewRule({ text }));
    return behind.some(isTaken) ? [rule] : [];
  });
}

/**
 * What a change puts into the other backend that takes packets from Docker's rules: there a packet has to pass too.
 *
 * @param backend - the other one
 */
export function shadowsOfOther(
  backend: Backend,
  before: HostRules | undefined,
  after: HostRules,
): readonly Shadow[] {
  return FAMILIES.flatMap((family) => {
    const where = { family, table: 'filter', chain: 'FORWARD', backend } as const;
    const known = new Set(
      before === undefined ? [] : rulesOf(before[family], 'filter', 'FORWARD').map(({ text }) => text),
    );
    const policyOf = (rules: HostRules | undefined): string =>
      (rules === undefined ? undefined : chainOf(rules[family], 'filter', 'FORWARD')?.policy) ?? 'ACCEPT';
    const closed = policyOf(after) === 'DROP' && policyOf(before) !== 'DROP';
    const rules = rulesOf(after[family], 'filter', 'FORWARD').filter(
      (rule) => !known.has(rule.text) && takesPackets(viewRule(rule)),
    );
    return [
      ...(closed ? [{ ...where, rule: '-P FORWARD DROP', total: true }] : []),
      ...rules.map((rule): Shadow => ({
        ...where,
        rule: rule.text,
        total: isTotal(rule) && !/-j ACCEPT$/.test(rule.text),
      })),
    ];
  });
}
