import type {
  NativeChain,
  NativeNat,
  NativeRule,
  NativeTable,
  NativeVerdict,
} from '../../firewall/nftables/text/model.ts';
import type { Table } from '../../firewall/iptables/text/model.ts';
import { sideOf } from '../chain.ts';
import { all, type MatchResult } from '../match-result.ts';
import { translate } from '../translate.ts';
import { markedByNative, natExtension } from './effects.ts';
import { meets, verdictIn } from './match.ts';
import { hooksAt, spell, type Hooked } from './tables.ts';
import type { MatchContext } from '../match-context.ts';
import { memory } from '../memory.ts';
import type { Hook, PathEnd } from '../path.ts';
import { decide, factsAt, unknownEnd, type Walk } from '../walk.ts';

/** How a chain leaves a packet: `accept` ends the base chain, `return` goes on behind the jump. */
type NativeOutcome = 'accept' | 'return' | PathEnd;

/** The kernel refuses loops; text that was not read from one may hold them. */
const DEEPEST = 100;

interface NativePlace {
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
  const hooks = hooksAt(walk.netState, walk.packet.family, hook);
  for (const hooked of hooks) {
    const { priority } = hooked;
    if (priority < from || priority >= before) continue;
    const rival = rivalOf(walk, hook, hooked, hooks);
    if (rival !== undefined)
      return unknownEnd({
        why: `which of ${spell(hooked.table)} and ${rival} marks first`,
        table: spell(hooked.table),
      });
    const end = passNative(walk, hook, hooked);
    if (end !== undefined) return end;
  }
  return undefined;
}

/** Tables of iptables that stand at a priority at which nft's own chains may stand too. */
const AT_PRIORITY: ReadonlyMap<number, string> = new Map([
  [-300, 'raw'],
  [-150, 'mangle'],
  [0, 'filter'],
]);

/** Who else reads or writes marks at the same moment as a chain: it is not known which of the two comes first. */
function rivalOf(walk: Walk, hook: Hook, own: Hooked, hooks: readonly Hooked[]): string | undefined {
  if (own.marks === '') return undefined;
  const other = hooks.find(
    ({ priority, marks }) => priority === own.priority && marks !== '' && marks !== own.marks,
  );
  if (other !== undefined) return spell(other.table);
  const name = AT_PRIORITY.get(own.priority);
  const isRival = walk.netState.rulesets.some(({ rules }) => {
    const table = name === undefined ? undefined : rules[walk.packet.family].tables.get(name);
    return table?.chains.has(hook) === true && touchesMarks(table);
  });
  return isRival ? `iptables' table ${name ?? ''}` : undefined;
}

const touching = memory<boolean>();

const touchesMarks = (table: Table): boolean =>
  touching(table, '', () =>
    [...table.chains.values()].some(({ rules }) =>
      rules.some(({ text }) => /\b(?:CONN)?MARK\b|mark\b/.test(text)),
    ),
  );

/** Runs one base chain and, where nothing in it decides, its policy; undefined when the packet passes. */
export function passNative(walk: Walk, hook: Hook, { table, chain, policy }: Hooked): PathEnd | undefined {
  const outcome = runChain(walk, { hook, table }, chain, 0);
  if (typeof outcome === 'object') return outcome;
  if (outcome === 'accept' || policy === 'accept') return undefined;
  step(walk, { hook, table }, chain, 'policy drop', { acts: true, handle: '' });
  return stopped({ hook, table }, chain, undefined, 'DROP');
}

function runChain(walk: Walk, place: NativePlace, chain: NativeChain, depth: number): NativeOutcome {
  const where = { table: spell(place.table), chain: chain.name };
  if (depth > DEEPEST) return unknownEnd({ why: 'chains that never end', ...where });
  for (const rule of chain.rules) {
    const { answer, verdict } = judgeRule(rule, place.table, factsAt(walk, place.hook));
    const { marks = [] } = rule;
    const decides = verdict !== undefined && verdict.is !== 'continue';
    if (answer === false || (!decides && marks.length === 0)) continue;
    if (typeof answer === 'string' && !decide(walk, { why: answer, ...where }, false)) continue;
    const unknown = (): PathEnd => unknownEnd({ why: `nft: ${rule.text}`, ...where });
    if (verdict?.is === 'unknown') return unknown();
    const marked = markedByNative(marks, walk.packet, walk.tracked);
    if (marked === 'unknown') return unknown();
    // Of a packet without a connection its mark cannot be asked for: the rule ends there.
    if (marked === 'ends') continue;
    walk.packet = marked;
    const acts = marks.length > 0 || ['drop', 'reject', 'nat'].includes(verdict?.is ?? '');
    step(walk, place, chain, rule.text, { acts, handle: rule.handle });
    if (!decides) continue;
    const outcome = obey(walk, place, { chain, rule, verdict, depth });
    if (outcome !== 'next') return outcome;
  }
  return 'return';
}

/** Whether a rule applies, and what it then decides. */
function judgeRule(
  { conditions, doubt, verdict }: NativeRule,
  table: NativeTable,
  facts: MatchContext,
): { readonly answer: MatchResult; readonly verdict?: NativeVerdict | undefined } {
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
  readonly verdict: NativeVerdict;
  readonly depth: number;
}

function obey(
  walk: Walk,
  place: NativePlace,
  { chain, rule, verdict, depth }: Obeyed,
): NativeOutcome | 'next' {
  const { is, nat } = verdict;
  if (nat !== undefined) return translated(walk, place, chain, rule, nat);
  if (is === 'accept' || is === 'return') return is;
  if (is === 'drop' || is === 'reject') return stopped(place, chain, rule, is.toUpperCase());
  const next = place.table.chains.get(verdict.chain ?? '');
  if (next === undefined)
    return unknownEnd({ why: `nft: ${rule.text}`, table: spell(place.table), chain: chain.name });
  const outcome = runChain(walk, place, next, depth + 1);
  // A goto leaves no way back here: what it returns from is this chain.
  return outcome === 'return' && is === 'jump' ? 'next' : outcome;
}

function translated(
  walk: Walk,
  place: NativePlace,
  chain: NativeChain,
  rule: NativeRule,
  nat: NativeNat,
): NativeOutcome | 'next' {
  const { packet } = walk;
  if (nat.family !== undefined && nat.family !== packet.family) return 'next';
  const side = sideOf(place.hook);
  const made = translate(natExtension(nat), packet, side, walk.netState, walk.nextHop);
  if (made === 'drop') return stopped(place, chain, rule, nat.target);
  if ('unknown' in made)
    return unknownEnd({ why: `nft: ${rule.text}`, table: spell(place.table), chain: chain.name });
  walk.packet = made;
  walk.settled = new Set([...walk.settled, side]);
  return 'accept';
}

function step(
  walk: Walk,
  { hook, table }: NativePlace,
  chain: NativeChain,
  what: string,
  { acts, handle }: { readonly acts: boolean; readonly handle: string },
): void {
  walk.steps.push({
    ...{ hook, stage: spell(table), chain: chain.name, what, handle },
    ...(acts && { acts: 'decides' as const }),
  });
}

function stopped(
  { table }: NativePlace,
  { name }: NativeChain,
  rule: NativeRule | undefined,
  target: string,
): PathEnd {
  return {
    ...{ at: 'stopped', variant: 'nft', table: spell(table), chain: name, target },
    ...(rule && { rule: { chain: name, text: rule.text, raw: rule.text, counters: '', line: 0 } }),
    native: { handle: rule?.handle ?? '' },
  };
}
