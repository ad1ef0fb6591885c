import { chainOf } from '../firewall/iptables/text/model.ts';
import { natPriority, passChain, sideOf } from './chain.ts';
import { passNative } from './native/chain.ts';
import { hooksAt, spell } from './native/tables.ts';
import { tracksConnections } from './native/tracking.ts';
import type { Hook, Path, PathEnd } from './path.ts';
import type { Side } from './translate.ts';
import { isIcmp } from './match/protocols.ts';
import { tryOut, type Turn } from './turns.ts';
import { decide, note, unknownEnd, type Walk } from './walk.ts';

/**
 * Only the first packet of a connection is shown to the rules of `nat`, and only while that end of it is not settled: the
 * first translation holds (nf_nat_core.c, nf_nat_inet_fn). Replies have it undone.
 */
export function passNat(walk: Walk, hook: Hook): PathEnd | undefined {
  const side = sideOf(hook);
  if (walk.answers !== undefined) {
    if (walk.tracked) undo(walk, hook);
    return undefined;
  }
  if (walk.follows !== undefined) {
    if (walk.tracked) redo(walk, walk.follows, hook);
    return undefined;
  }
  const { state, protocol } = walk.packet;
  if (!walk.tracked || walk.settled.has(side) || (state !== 'NEW' && state !== 'RELATED')) return undefined;
  if (state === 'RELATED' && isIcmp(protocol)) return undefined;
  const turns = turnsAt(walk, hook);
  if (state === 'RELATED' && turns.length > 0)
    return unknownEnd({ why: 'NAT of a connection that a helper expected', table: 'nat', chain: hook });
  const end = takeTurns(walk, hook, turns);
  walk.settled = new Set([...walk.settled, side]);
  return end;
}

/** One chain that may translate at a hook. */
interface NatTurn extends Pick<Turn, 'name' | 'run'> {
  readonly priority: number;
}

/** The chains of a hook that translate: iptables' and nftables' own are shown the packet by their priorities. */
export function turnsAt(walk: Walk, hook: Hook): readonly NatTurn[] {
  const { netState, packet } = walk;
  const priority = natPriority(hook);
  const own = netState.rulesets.flatMap(({ variant, rules }): NatTurn[] => {
    const table = rules[packet.family].tables.get('nat');
    const chain = chainOf(rules[packet.family], 'nat', hook);
    if (table === undefined || chain === undefined) return [];
    if (chain.rules.length === 0 && chain.policy === 'ACCEPT') return [];
    const run = (): PathEnd | undefined => passChain(walk, { hook, variant, table: 'nat' }, table, chain);
    return [{ name: variant, priority, run }];
  });
  const shown = tracksConnections(netState, packet.family)
    ? hooksAt(netState, packet.family, hook, 'nat')
    : [];
  const natives = shown.map((hooked): NatTurn => ({
    name: spell(hooked.table),
    priority: hooked.priority,
    run: () => passNative(walk, hook, hooked),
  }));
  return [...own, ...natives].sort((a, b) => a.priority - b.priority);
}

/**
 * Runs chains that translate until one has. Of those of one priority the kernel runs the one first that was registered last,
 * and which that is is not known: where more than one does anything, every order is tried.
 */
function takeTurns(walk: Walk, hook: Hook, turns: readonly NatTurn[]): PathEnd | undefined {
  const side = sideOf(hook);
  let left = [...turns];
  while (left.length > 0) {
    const [{ priority }] = left as [NatTurn, ...NatTurn[]];
    const rivals = left.filter((turn) => turn.priority === priority);
    const active = rivals.length < 2 ? rivals : rivals.filter((turn) => doesAnything(walk, side, turn));
    left = left.slice(rivals.length);
    // What one marks the next may ask for: then none of them is known to do nothing.
    const marks =
      active.length > 0 && rivals.length > 1 && active.some((turn) => !wouldSettle(walk, side, turn));
    let waiting = marks ? rivals : active;
    while (waiting.length > 0) {
      const turn = firstOf(walk, hook, waiting);
      waiting = waiting.filter((one) => one !== turn);
      const end = turn.run();
      if (end !== undefined || walk.settled.has(side)) return end;
    }
  }
  return undefined;
}

function firstOf(walk: Walk, hook: Hook, waiting: readonly NatTurn[]): NatTurn {
  const why = `which of ${waiting.map(({ name }) => name).join(' and ')} comes first in nat ${hook}`;
  const chosen = waiting.slice(0, -1).find(() => decide(walk, { why, table: 'nat', chain: hook }, true));
  return chosen ?? (waiting.at(-1) as NatTurn);
}

function doesAnything(walk: Walk, side: Side, turn: NatTurn): boolean {
  const { packet, changedSets } = walk;
  const doubts = walk.doubts.length;
  return tryOut(
    walk,
    turn,
    (end) =>
      end !== undefined ||
      walk.settled.has(side) ||
      walk.packet !== packet ||
      walk.changedSets !== changedSets ||
      walk.doubts.length > doubts,
  );
}

/** Whether a chain ends the matter: it translates, or stops. */
const wouldSettle = (walk: Walk, side: Side, turn: NatTurn): boolean =>
  tryOut(walk, turn, (end) => end !== undefined || walk.settled.has(side));

/** What was translated on the way there is turned round on the way back: each end at the hooks of the other. */
function undo(walk: Walk, hook: Hook): void {
  const { answers } = walk;
  if (answers === undefined) return;
  const { packet: first, last } = answers;
  if (sideOf(hook) === 'destination') {
    if (!last.translated.source) return;
    // A packet made here may have set out without a source.
    const { source } = last.original;
    walk.packet = { ...walk.packet, destination: source, destinationPort: first.sourcePort };
    note(walk, hook, 'nat', `answers: back to ${source}`);
  } else if (last.translated.destination) {
    walk.packet = { ...walk.packet, source: first.destination, sourcePort: first.destinationPort };
    note(walk, hook, 'nat', `answers: back from ${first.destination}`);
  }
}

/** What was translated of the first packet is translated of the next. */
function redo(walk: Walk, { last }: Path, hook: Hook): void {
  const { translated, source, sourcePort, destination, destinationPort } = last;
  if (sideOf(hook) === 'destination' && translated.destination)
    walk.packet = { ...walk.packet, destination, destinationPort };
  if (sideOf(hook) === 'source' && translated.source) walk.packet = { ...walk.packet, source, sourcePort };
}
