import type { Chain, Rule, Table } from '../firewall/iptables/text/model.ts';
import { TARGETS } from '../firewall/iptables/text/targets.ts';
import { HOOK_PRIORITY } from '../net/hook-priority.ts';
import { CHANGING_TARGETS, HARMLESS_TARGETS, markedBy } from './effects.ts';
import { applies, targetPart } from './match/matches.ts';
import { ledOn, type Hook, type PathEnd } from './path.ts';
import type { RuleParts } from './match/rule-parts.ts';
import { NAT_TARGETS, translate, type Side } from './translate.ts';
import { decide, factsAt, unknownEnd, type TablePlace, type Walk } from './walk.ts';

/** How a chain leaves a packet: `accept` ends the table, `return` goes on behind the jump. */
type ChainOutcome = 'accept' | 'return' | PathEnd;

/** The kernel refuses loops; text that was not read from one may hold them. */
const DEEPEST = 100;

/** Which end a hook translates. */
export const sideOf = (hook: Hook): Side =>
  hook === 'PREROUTING' || hook === 'OUTPUT' ? 'destination' : 'source';

/** When the rules of `nat` see a packet at a hook. */
export const natPriority = (hook: Hook): number =>
  sideOf(hook) === 'destination' ? HOOK_PRIORITY.dstnat : HOOK_PRIORITY.srcnat;

/**
 * Runs a built-in chain and, where nothing in it decides, its policy.
 *
 * @returns undefined when the packet passes, else its end
 */
export function passChain(walk: Walk, place: TablePlace, table: Table, chain: Chain): PathEnd | undefined {
  const outcome = runChain(walk, place, table, chain, 0);
  if (typeof outcome === 'object') return outcome;
  if (outcome === 'accept') return undefined;
  const { variant, hook } = place;
  const { policy, name } = chain;
  if (chain.rules.length > 0 || policy === 'DROP')
    walk.steps.push({
      ...{ hook, variant, stage: place.table, chain: name, what: `policy ${policy}` },
      ...(policy === 'DROP' && { acts: 'decides' as const }),
    });
  if (policy === 'DROP')
    return { at: 'stopped', hook, variant, table: place.table, chain: name, target: 'DROP' };
  return policy === 'ACCEPT'
    ? undefined
    : unknownEnd({ why: `policy ${policy}`, table: place.table, chain: name });
}

function runChain(walk: Walk, place: TablePlace, table: Table, chain: Chain, depth: number): ChainOutcome {
  if (depth > DEEPEST)
    return unknownEnd({ why: 'chains that never end', table: place.table, chain: chain.name });
  let facts = factsAt(walk, place.hook);
  for (const rule of chain.rules) {
    const answer = applies(rule, facts);
    if (answer === false) continue;
    const target = targetPart(rule);
    const doubt = typeof answer === 'string' ? answer : undefined;
    if (doubt !== undefined && !isTaken(walk, place, rule, target, doubt)) continue;
    const outcome = act({ walk, place, table, rule, target, doubt, depth });
    if (outcome !== 'next') return outcome;
    // What a rule did, the next ones see.
    facts = factsAt(walk, place.hook);
  }
  return 'return';
}

/** Whether this run takes a rule of which it is not known whether it applies. One that only notes something is no fork. */
function isTaken(
  walk: Walk,
  place: TablePlace,
  rule: Rule,
  target: RuleParts['target'],
  why: string,
): boolean {
  const { chain } = rule;
  const idle = target === undefined || HARMLESS_TARGETS.has(target.name);
  if (!idle && decide(walk, { why, table: place.table, chain, rule }, false)) return true;
  const { hook, variant } = place;
  walk.steps.push({
    ...{ hook, variant, stage: place.table, chain, rule, what: `may apply, not known: ${why}` },
    ...(!idle && { acts: 'may' as const }),
  });
  return false;
}

interface Action {
  readonly walk: Walk;
  readonly place: TablePlace;
  readonly table: Table;
  readonly rule: Rule;
  readonly target: RuleParts['target'];
  /** Why it is not known whether the rule applies, where this run only supposes so. */
  readonly doubt: string | undefined;
  readonly depth: number;
}

function act(action: Action): ChainOutcome | 'next' {
  const { walk, place, table, rule, target, doubt, depth } = action;
  const step = (what: string, acts = true): void => {
    const { hook, variant } = place;
    const suppose = doubt === undefined ? what : `${what} (if it applies, not known: ${doubt})`;
    const mode = doubt === undefined ? 'decides' : 'may';
    walk.steps.push({
      ...{ hook, variant, stage: place.table, chain: rule.chain, rule, what: suppose },
      ...(acts && { acts: mode }),
    });
  };
  if (target === undefined) {
    step('counts', false);
    return 'next';
  }
  const { name, by } = target;
  const chain = table.chains.get(name);
  if (chain !== undefined) {
    if (TARGETS.has(name)) return unknown(action, `whether ${name} is the chain or the target`);
    step(by === 'goto' ? `goes to ${name}` : `jumps to ${name}`, false);
    const outcome = runChain(walk, { ...place, led: ledOn(place.led, rule) }, table, chain, depth + 1);
    // A goto leaves no way back here: what it returns from is this chain.
    return outcome === 'return' && by === 'jump' ? 'next' : outcome;
  }
  if (name === 'ACCEPT' || name === 'RETURN') {
    step(name);
    return name === 'ACCEPT' ? 'accept' : 'return';
  }
  if (name === 'DROP' || name === 'REJECT') {
    step(name);
    return stopped(action, name);
  }
  if (HARMLESS_TARGETS.has(name)) {
    step(name, false);
    return 'next';
  }
  if (CHANGING_TARGETS.has(name)) return change(action, target, step);
  if (NAT_TARGETS.has(name) && place.table === 'nat') return natAction(action, target, step);
  return unknown(action, `target ${name}`);
}

const stopped = ({ place: { hook, variant, table, led }, rule }: Action, target: string): PathEnd => ({
  ...{ at: 'stopped', hook, variant, table, chain: rule.chain, rule, target },
  ...(led && { led }),
});

const unknown = ({ place: { table }, rule }: Action, why: string): PathEnd =>
  unknownEnd({ why, table, chain: rule.chain, rule });

type RuleTarget = NonNullable<RuleParts['target']>;

function change(action: Action, target: RuleTarget, step: (what: string) => void): ChainOutcome | 'next' {
  const { walk, place } = action;
  const first = target.options[0];
  switch (target.name) {
    case 'MARK':
    case 'CONNMARK': {
      const packet = markedBy(target, walk.packet, walk.tracked);
      if (packet === undefined) return unknown(action, `${target.name} ${first?.name ?? ''}`);
      walk.packet = packet;
      const field = target.name === 'MARK' || first?.name === '--restore-mark' ? 'mark' : 'connmark';
      step(`${field} 0x${packet[field].toString(16)}`);
      return 'next';
    }
    case 'SET':
      walk.changedSets = new Set([
        ...walk.changedSets,
        ...target.options.map(({ values }) => values[0] ?? ''),
      ]);
      step(`changes set ${first?.values[0] ?? ''}`);
      return 'next';
    case 'CT':
    case 'NOTRACK': {
      const names = target.options.map(({ name }) => name);
      const notrack = target.name === 'NOTRACK' || names.includes('--notrack');
      if (
        !notrack &&
        names.some((name) => !['--helper', '--timeout', '--ctevents', '--expevents'].includes(name))
      )
        return unknown(action, `CT ${names.join(' ')}`);
      // Seen on 6.18: redirected in OUTPUT and met by this over lo, a packet arrived as if nothing had translated it.
      if (notrack && walk.tracked && walk.packet.translated.destination)
        return unknown(action, 'CT --notrack of a translated packet that comes back over lo');
      // Of a packet that has its connection already, such as one that came back over lo, none is taken away (xt_CT.c).
      if (notrack && !walk.tracked && place.table === 'raw')
        walk.packet = { ...walk.packet, state: 'UNTRACKED' };
      step(notrack ? 'not tracked' : 'CT');
      return 'next';
    }
    default:
      return unknown(action, `target ${target.name}`);
  }
}

function natAction(action: Action, target: RuleTarget, step: (what: string) => void): ChainOutcome {
  const { walk, place } = action;
  const side = sideOf(place.hook);
  const made = translate(target, walk.packet, side, walk.netState, walk.nextHop);
  if (made === 'drop') {
    step(`${target.name} finds no address: the packet is dropped`);
    return stopped(action, target.name);
  }
  if ('unknown' in made) return unknown(action, made.unknown);
  walk.packet = made;
  walk.settled = new Set([...walk.settled, side]);
  const port = made[side === 'source' ? 'sourcePort' : 'destinationPort'];
  const vague = made.vague?.some((field) => field.startsWith(side)) === true;
  const to = vague ? 'an address or port of a range' : `${made[side]}${port === 0 ? '' : `:${String(port)}`}`;
  step(`${target.name}: ${side === 'source' ? 'from' : 'to'} ${to}`);
  return 'accept';
}
