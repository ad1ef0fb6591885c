import type { Rule } from '../iptables/model.ts';
import type { Answer } from './answer.ts';
import type { Facts, Test } from './facts.ts';
import { baseTest } from './match-base.ts';
import { conntrackTests, markTests } from './match-connection.ts';
import { addrtypeTests, iprangeTests, physdevTests, pkttypeTests } from './match-place.ts';
import { icmpTests, portTests } from './match-ports.ts';
import { setTests } from './match-sets.ts';
import { partsOf, type Extension, type RuleParts } from './rule-parts.ts';

/** The matches that are understood. Every other one makes the answer unknown: `limit`, `recent`, `owner`, `string` … */
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
  comment: () => [],
};

const testsOf = (extension: Extension): readonly Test[] =>
  Object.hasOwn(MATCHES, extension.name)
    ? (MATCHES[extension.name]?.(extension) ?? [])
    : [() => `match ${extension.name}`];

interface Reading extends RuleParts {
  readonly tests: readonly Test[];
}

// A rule is asked many times, of many packets and along many branches: it is taken apart once.
const readings = new WeakMap<Pick<Rule, 'text'>, Reading>();

function read(rule: Pick<Rule, 'text'>): Reading {
  const known = readings.get(rule);
  if (known !== undefined) return known;
  const parts = partsOf(rule);
  const reading = { ...parts, tests: [...parts.base.map(baseTest), ...parts.matches.flatMap(testsOf)] };
  readings.set(rule, reading);
  return reading;
}

/** The target of a rule with its options; undefined for a rule that only counts. */
export const targetPart = (rule: Pick<Rule, 'text'>): RuleParts['target'] => read(rule).target;

/** Whether a rule applies to a packet: all its conditions, in any order. */
export function applies(rule: Pick<Rule, 'text'>, facts: Facts): Answer {
  let doubt: string | undefined;
  for (const test of read(rule).tests) {
    const answer = test(facts);
    if (answer === false) return false;
    if (typeof answer === 'string') doubt ??= answer;
  }
  return doubt ?? true;
}
