import type { NativeChain, NativeRule, NativeTable, Verdict } from '../nftables/model.ts';
import { all, type Answer } from './answer.ts';
import { meets, verdictIn } from './native-match.ts';
import { hooksAt, spell } from './natives.ts';
import type { Facts } from './facts.ts';
import type { Hook, PathEnd } from './path.ts';
import { decide, factsAt, unknownEnd, type Walk } from './walk.ts';

/** How a chain leaves a packet: `accept` ends the base chain, `return` goes on behind the jump. */
type Outcome = 'accept' | 'return' | PathEnd;

/** The kernel refuses loops; text that was not read from one may hold them. */
const DEEPEST = 100;

interface Place {
  readonly hook: Hook;
  readonly table: NativeTable;
}

/**
 * Shows the packet to nftables' own chains of a hook, by their priorities. An accept ends one base chain alone: the next one,
 * and iptables, still decide (nft(8)).
 *
 * @param before - only chains in front of this priority, and none that was passed already
 * @returns undefined when it passes
 */
export function passNatives(walk: Walk, hook: Hook, before: number): PathEnd | undefined {
  const { nativesPassed } = walk;
  const from = nativesPassed.hook === hook ? nativesPassed.before : -Infinity;
  walk.nativesPassed = { hook, before };
  for (const { table, chain, priority, policy } of hooksAt(walk.terrain, walk.packet.family, hook)) {
    if (priority < from || priority >= before) continue;
    const outcome = runChain(walk, { hook, table }, chain, 0);
    if (typeof outcome === 'object') return outcome;
    if (outcome === 'accept' || policy === 'accept') continue;
    step(walk, { hook, table }, chain, 'policy drop');
    return stopped({ hook, table }, chain, undefined, 'DROP');
  }
  return undefined;
}

function runChain(walk: Walk, place: Place, chain: NativeChain, depth: number): Outcome {
  const where = { table: spell(place.table), chain: chain.name };
  if (depth > DEEPEST) return unknownEnd({ why: 'chains that never end', ...where });
  const facts = factsAt(walk, place.hook);
  for (const rule of chain.rules) {
    const { answer, verdict } = judgeRule(rule, place.table, facts);
    if (answer === false || verdict === undefined || verdict.is === 'continue') continue;
    if (typeof answer === 'string' && !decide(walk, { why: answer, ...where }, false)) continue;
    if (verdict.is === 'unknown') return unknownEnd({ why: `nft: ${rule.text}`, ...where });
    step(walk, place, chain, rule.text);
    const outcome = obey(walk, place, { chain, rule, verdict, depth });
    if (outcome !== 'next') return outcome;
  }
  return 'return';
}

/** Whether a rule applies, and what it then decides. */
function judgeRule(
  { conditions, doubt, verdict }: NativeRule,
  table: NativeTable,
  facts: Facts,
): { readonly answer: Answer; readonly verdict?: Verdict | undefined } {
  const met = all(conditions.map((condition) => meets(condition, table, facts)));
  const answer = met === true ? (doubt ?? true) : met;
  if (verdict === undefined || 'is' in verdict) return { answer, verdict };
  if (answer === false) return { answer };
  const own = verdictIn(verdict, table, facts);
  return { answer, verdict: typeof own === 'string' ? { is: 'unknown' } : own };
}

interface Obeyed {
  readonly chain: NativeChain;
  readonly rule: NativeRule;
  readonly verdict: Verdict;
  readonly depth: number;
}

function obey(walk: Walk, place: Place, { chain, rule, verdict, depth }: Obeyed): Outcome | 'next' {
  const { is } = verdict;
  if (is === 'accept' || is === 'return') return is;
  if (is === 'drop' || is === 'reject') return stopped(place, chain, rule, is.toUpperCase());
  const next = place.table.chains.get(verdict.chain ?? '');
  if (next === undefined)
    return unknownEnd({ why: `nft: ${rule.text}`, table: spell(place.table), chain: chain.name });
  const outcome = runChain(walk, place, next, depth + 1);
  // A goto leaves no way back here: what it returns from is this chain.
  return outcome === 'return' && is === 'jump' ? 'next' : outcome;
}

function step(walk: Walk, { hook, table }: Place, chain: NativeChain, what: string): void {
  walk.steps.push({ hook, stage: spell(table), chain: chain.name, what });
}

function stopped(
  { table }: Place,
  { name }: NativeChain,
  rule: NativeRule | undefined,
  target: string,
): PathEnd {
  return {
    ...{ at: 'stopped', backend: 'nft', table: spell(table), chain: name, target },
    ...(rule && { rule: { chain: name, text: rule.text, raw: rule.text, counters: '', line: 0 } }),
    native: { handle: rule?.handle ?? '' },
  };
}
