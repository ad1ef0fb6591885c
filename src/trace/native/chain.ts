import type {
  NativeChain,
  NativeEffect,
  NativeNat,
  NativeRule,
  NativeTable,
  NativeVerdict,
} from '../../firewall/nftables/text/model.ts';
import { sideOf } from '../chain.ts';
import { all, type MatchResult } from '../match-result.ts';
import { translate } from '../translate.ts';
import { concernedIn } from './concerned.ts';
import { markedByNative, natExtension, targetOf, type Effected } from './effects.ts';
import { meets, verdictIn } from './match.ts';
import { spell, type Hooked } from './tables.ts';
import type { MatchContext } from '../match-context.ts';
import type { Packet } from '../packet.ts';
import { ledOn, type ChainWay, type Hook, type PathEnd } from '../path.ts';
import { decide, factsAt, unknownEnd, type Walk } from '../walk.ts';

/** How a chain leaves a packet: `accept` ends the base chain, `return` goes on behind the jump. */
type NativeOutcome = 'accept' | 'return' | PathEnd;

/** The kernel refuses loops; text that was not read from one may hold them. */
const DEEPEST = 100;

interface NativePlace {
  readonly hook: Hook;
  readonly table: NativeTable;
  /** Absent in the base chain. */
  readonly led?: ChainWay;
}

/**
 * Runs one base chain and, where nothing in it decides, its policy. An accept ends one base chain alone: the next one, and iptables,
 * still decide (nft(8)).
 *
 * @returns undefined when the packet passes
 */
export function passNative(walk: Walk, hook: Hook, { table, chain, policy }: Hooked): PathEnd | undefined {
  const { mark, source, destination } = walk.packet;
  const outcome = runChain(walk, { hook, table }, chain, 0);
  if (typeof outcome === 'object') return outcome;
  if (outcome !== 'accept' && policy === 'drop') {
    step(walk, { hook, table }, chain, 'policy drop', { acts: true, handle: '' });
    return stopped({ hook, table }, chain, undefined, 'DROP');
  }
  // A chain of this type has a packet made here routed again for what it changed (nft_chain_route.c).
  const { packet } = walk;
  const isChanged = packet.mark !== mark || packet.source !== source || packet.destination !== destination;
  return chain.base?.type === 'route' && isChanged ? walk.reroute?.() : undefined;
}

function runChain(walk: Walk, place: NativePlace, chain: NativeChain, depth: number): NativeOutcome {
  const where = { table: spell(place.table), chain: chain.name };
  if (depth > DEEPEST) return unknownEnd({ why: 'chains that never end', ...where });
  for (const rule of concernedIn(chain, walk.packet)) {
    const { answer, verdict } = judgeRule(rule, place.table, factsAt(walk, place.hook));
    const { effects = [] } = rule;
    const decides = verdict !== undefined && verdict.is !== 'continue';
    if (answer === false || (!decides && effects.length === 0)) continue;
    if (typeof answer === 'string' && !decide(walk, { why: answer, ...where }, false)) continue;
    const unknown = (): PathEnd => unknownEnd({ why: `nft: ${rule.text}`, ...where });
    if (verdict?.is === 'unknown') return unknown();
    const effected = effectedBy(walk, place, effects);
    if (effected === 'unknown') return unknown();
    if (effected === 'ends') continue;
    const acts = effects.length > 0 || ['drop', 'reject', 'nat'].includes(verdict?.is ?? '');
    step(walk, place, chain, rule.text, { acts, handle: rule.handle });
    if (!decides) continue;
    const outcome = obey(walk, place, { chain, rule, verdict, depth });
    if (outcome !== 'next') return outcome;
  }
  return 'return';
}

/** Has a packet changed; 'ends' where the rule ends at something that is not there. */
function effectedBy(
  walk: Walk,
  { hook, table }: NativePlace,
  effects: readonly NativeEffect[],
): Exclude<Effected, object> | undefined {
  for (const effect of effects) {
    const made =
      effect.field === 'track' ? untracked(walk) : markedByNative(effect, table, factsAt(walk, hook));
    if (typeof made === 'string') return made;
    walk.packet = made;
  }
  return undefined;
}

/** Of a packet that has its connection already, such as one that came back over lo, none is taken away (nft_ct.c, nft_notrack_eval). */
function untracked({ packet, tracked }: Walk): Packet | 'unknown' {
  if (!tracked) return { ...packet, state: 'UNTRACKED' };
  return packet.translated.destination && packet.inInterface === 'lo' ? 'unknown' : packet;
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
  const led = ledOn(place.led, { chain: chain.name, text: rule.text });
  const outcome = runChain(walk, { ...place, led }, next, depth + 1);
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
  const unknown = (): PathEnd =>
    unknownEnd({ why: `nft: ${rule.text}`, table: spell(place.table), chain: chain.name });
  const to = targetOf(nat, place.table, factsAt(walk, place.hook));
  if (to === undefined) return 'next';
  if (to === 'unknown') return unknown();
  const side = sideOf(place.hook);
  const made = translate(natExtension(nat, to), packet, side, walk.netState, walk.nextHop);
  if (made === 'drop') return stopped(place, chain, rule, nat.target);
  if ('unknown' in made) return unknown();
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
  { hook, table, led }: NativePlace,
  { name }: NativeChain,
  rule: NativeRule | undefined,
  target: string,
): PathEnd {
  return {
    ...{ at: 'stopped', hook, variant: 'nft', table: spell(table), chain: name, target },
    ...(rule && { rule: { chain: name, text: rule.text, raw: rule.text, counters: '', line: 0 } }),
    ...(led && { led }),
    native: { handle: rule?.handle ?? '' },
  };
}
