import type { OwnedHost, OwnedRule } from '../firewall/iptables/ownership/ownership.ts';
import {
  type HostRules,
  chainOf,
  rulesOf,
  type Variant,
  type Rule,
  type RuleName,
} from '../firewall/iptables/text/model.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { TARGETS } from '../firewall/iptables/text/targets.ts';
import { viewRule } from '../firewall/iptables/text/view.ts';
import { compare, ownLive } from '../firewall/iptables/compare/compare.ts';
import { isDamage, worstFirst, type Finding } from './finding.ts';
import { findingsOf, unreadFinding } from './findings.ts';
import { unreadGone } from '../firewall/iptables/desired/recordable.ts';
import { couldShadow, takesPackets } from '../firewall/iptables/order/shadow.ts';
import type { Surroundings } from './known-names.ts';

/** A rule that a change puts in front of Docker's, where it takes their packets. */
export interface Shadow {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly rule: string;
  /** The other variant, if the rule is in that one: both variants are in force, and a packet has to pass each. */
  readonly variant?: Variant;
  /** Whether it matches all packets: then Docker's rules behind it have no effect. */
  readonly total: boolean;
}

/** What a change does to Docker's rules, as the rules before and after show it. */
export interface Impact {
  /** What the change loses, misplaces or doubles, without damage that was there before. The worst first. */
  readonly findings: readonly Finding[];
  readonly shadows: readonly Shadow[];
}

/** Whether a change breaks something: damage, or a rule matching all packets in front of Docker's. */
export function isBreaking({ findings, shadows }: Impact): boolean {
  return findings.length > 0 || shadows.some(({ total }) => total);
}

/**
 * Compares the rules that a change leaves with those before it. Damage that was there before is not the change's.
 *
 * @param before - the live rules, owned
 * @param after - what the change leaves
 * @param surroundings - names for the consequences
 * @param settled - the networks are from a running Engine
 */
export function impactOf(
  before: OwnedHost,
  after: HostRules,
  surroundings: Surroundings,
  settled: boolean,
): Impact {
  const { networks } = surroundings;
  const liveOwned = ownLive(before, after, { networks, settled });
  const drift = compare({ desired: before, live: after, liveOwned });
  return {
    findings: [
      ...unreadGone({ unread: unreadIn(before) }, liveOwned).map(unreadFinding),
      ...findingsOf(drift, surroundings, !settled).filter(isDamage),
    ].sort(worstFirst),
    shadows: shadowsIn(before, liveOwned, after),
  };
}

/** The user's own rules that no save prints in full: they cannot be compared, but their loss is reported. */
const unreadIn = ({ families, undecided }: OwnedHost): readonly RuleName[] =>
  undecided.filter(
    ({ family, table, chain, unreadable }) =>
      unreadable === true && families[family].get(table)?.get(chain)?.owner === 'shared',
  );

/** New rules in built-in chains in front of a rule of Docker's whose packets they could take. */
function shadowsIn(before: OwnedHost, owned: OwnedHost, after: HostRules): readonly Shadow[] {
  return FAMILIES.flatMap((family) =>
    [...before.families[family]].flatMap(([table, chains]) =>
      [...chains.values()]
        .filter(({ builtin }) => builtin)
        .flatMap(({ name, rules }) =>
          newRulesBefore(
            rules,
            owned.families[family]
              .get(table)
              ?.get(name)
              ?.rules.map(({ rule }) => rule) ?? rulesOf(after[family], table, name),
          ).map((rule): Shadow => ({
            ...{ family, table, chain: rule.chain, rule: rule.text },
            total: isTotal(rule),
          })),
        ),
    ),
  );
}

/** Whether a rule decides about every packet: no condition, and no jump that may return. */
function isTotal(rule: Rule): boolean {
  if (!rule.text.startsWith(`-A ${rule.chain} -j `)) return false;
  const view = viewRule(rule);
  return takesPackets(view) && TARGETS.has(view.verdict?.target ?? '');
}

function newRulesBefore(before: readonly OwnedRule[], after: readonly Rule[]): readonly Rule[] {
  const dockers = new Set(before.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : [])));
  const last = after.findLastIndex(({ text }) => dockers.has(text));
  const left = new Map<string, number>();
  for (const { rule } of before) left.set(rule.text, (left.get(rule.text) ?? 0) + 1);
  const added = after.slice(0, Math.max(0, last)).flatMap((rule, index) => {
    const known = left.get(rule.text) ?? 0;
    left.set(rule.text, known - 1);
    return known > 0 ? [] : [{ rule, behind: after.slice(index + 1, last + 1) }];
  });
  return added.flatMap(({ rule, behind }) => {
    const view = viewRule(rule);
    const isTaken = ({ text }: Rule): boolean => dockers.has(text) && couldShadow(view, viewRule({ text }));
    return behind.some(isTaken) ? [rule] : [];
  });
}

/**
 * Rules that a change adds in the other variant and that take packets from Docker's rules: a packet has to pass both variants.
 *
 * @param variant - the other one
 */
export function shadowsOfOther(
  variant: Variant,
  before: HostRules | undefined,
  after: HostRules,
): readonly Shadow[] {
  return FAMILIES.flatMap((family) => {
    const where = { family, table: 'filter', chain: 'FORWARD', variant } as const;
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
