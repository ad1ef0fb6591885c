import { NATIVE } from '../../firewall/iptables/text/hidden.ts';
import type { Rule } from '../../firewall/iptables/text/model.ts';
import type { MatchResult } from '../match-result.ts';
import type { MatchContext, Test } from '../match-context.ts';
import { baseTest } from './base.ts';
import { conntrackTests, markTests } from './connection.ts';
import { addrtypeTests, hopLimitTests, iprangeTests, physdevTests, pkttypeTests } from './place.ts';
import { icmpTests, portTests } from './ports.ts';
import { limitTests } from './rates.ts';
import { rpfilterTests } from './reverse-path.ts';
import { setTests } from './sets.ts';
import { partsOf, type Extension, type RuleParts } from './rule-parts.ts';

/** The matches that are understood. Every other one makes the answer unknown: `recent`, `owner`, `string` … */
const MATCHES: Readonly<Record<string, (extension: Extension) => readonly Test[]>> = {
  tcp: portTests,
  udp: portTests,
  sctp: portTests,
  dccp: portTests,
  udplite: portTests,
  multiport: portTests,
  icmp: icmpTests,
  icmp6: icmpTests,
  conntrack: conntrackTests,
  state: conntrackTests,
  mark: markTests,
  connmark: markTests,
  set: setTests,
  addrtype: addrtypeTests,
  iprange: iprangeTests,
  physdev: physdevTests,
  pkttype: pkttypeTests,
  // A routing header of IPv6: no packet followed here has one, and without it neither a match nor its negation holds (ip6t_rt.c, rt_mt6).
  rt: () => [() => false],
  hl: hopLimitTests,
  rpfilter: rpfilterTests,
  limit: limitTests,
  hashlimit: limitTests,
  comment: () => [],
};

const testsOf = (extension: Extension): readonly Test[] =>
  Object.hasOwn(MATCHES, extension.name)
    ? (MATCHES[extension.name]?.(extension) ?? [])
    : [() => `match ${extension.name}`];

interface ParsedRule extends RuleParts {
  readonly tests: readonly Test[];
}

/** A rule of nft's that iptables-save prints without part of its conditions: neither when it applies is known, nor what it does. */
const UNREAD = { base: [], matches: [], target: { by: 'jump', name: NATIVE, options: [] } } as const;

// A rule is asked many times, of many packets and along many branches: it is taken apart once.
const readings = new WeakMap<Pick<Rule, 'text' | 'printed'>, ParsedRule>();

function read(rule: Pick<Rule, 'text' | 'printed'>): ParsedRule {
  const known = readings.get(rule);
  if (known !== undefined) return known;
  if (rule.printed !== undefined) {
    const unread = { ...UNREAD, tests: [() => `iptables-save does not print all of: ${rule.text}`] };
    readings.set(rule, unread);
    return unread;
  }
  const parts = partsOf(rule);
  const reading = { ...parts, tests: [...parts.base.map(baseTest), ...parts.matches.flatMap(testsOf)] };
  readings.set(rule, reading);
  return reading;
}

/** The target of a rule with its options; undefined for a rule that only counts. */
export const targetPart = (rule: Pick<Rule, 'text' | 'printed'>): RuleParts['target'] => read(rule).target;

/** Whether a rule applies to a packet: all its conditions, in any order. */
export function applies(rule: Pick<Rule, 'text' | 'printed'>, facts: MatchContext): MatchResult {
  let doubt: string | undefined;
  for (const test of read(rule).tests) {
    const answer = test(facts);
    if (answer === false) return false;
    if (typeof answer === 'string') doubt ??= answer;
  }
  return doubt ?? true;
}
