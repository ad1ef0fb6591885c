import { chainOf, type Variant, type Chain, type Table } from '../firewall/iptables/text/model.ts';
import { targetOf } from '../firewall/iptables/text/view.ts';
import { HOOK_PRIORITY, NFT_SECURITY_PRIORITY } from '../net/hook-priority.ts';
import { natPriority, passChain, sideOf } from './chain.ts';
import { CHANGING_TARGETS } from './effects.ts';
import { passNative, passNatives } from './native/chain.ts';
import { hooksAt, spell } from './native/tables.ts';
import type { Hook, Path, PathEnd } from './path.ts';
import type { Side } from './translate.ts';
import { isIcmp } from './match/protocols.ts';
import { decide, note, unknownEnd, type Walk } from './walk.ts';

/** One table's chain at a hook. */
interface HookedTable {
  readonly variant: Variant;
  readonly table: Table;
  readonly chain: Chain;
}

const counting = new WeakMap<Table, boolean>();

/** Whether it matters for other rules of the same hook when the ones of a table are run. */
function isOrdered(table: Table): boolean {
  const known = counting.get(table);
  if (known !== undefined) return known;
  const ordered = [...table.chains.values()].some(({ rules }) =>
    rules.some(({ text }) => {
      const target = targetOf(text) ?? '';
      return CHANGING_TARGETS.has(target) || target === 'REJECT';
    }),
  );
  counting.set(table, ordered);
  return ordered;
}

/** A table's chains at a hook, one for each variant. They run in the order they were registered in, which the kernel does not show. */
function tablesAt(walk: Walk, hook: Hook, table: string, only?: string): readonly HookedTable[] {
  const hooked = walk.netState.rulesets.flatMap(({ variant, rules }): HookedTable[] => {
    if (only !== undefined && variant !== only) return [];
    const ruleset = rules[walk.packet.family];
    const chain = chainOf(ruleset, table, hook);
    const whole = ruleset.tables.get(table);
    if (chain === undefined || whole === undefined) return [];
    return chain.rules.length > 0 || chain.policy !== 'ACCEPT' ? [{ variant, table: whole, chain }] : [];
  });
  if (hooked.length < 2 || !hooked.some(({ table: whole }) => isOrdered(whole))) return hooked;
  const why = `which of ${hooked.map(({ variant }) => variant).join(' and ')} comes first in ${table} ${hook}`;
  return decide(walk, { why, table, chain: hook }, true) ? hooked : [...hooked].reverse();
}

/** One table's rules at a hook, of every variant. A packet that one drops is gone, whatever the other would have said. */
function passTable(walk: Walk, hook: Hook, words: string): PathEnd | undefined {
  const [table = '', only] = words.split(' ').reverse();
  if (table === 'nat') return passNat(walk, hook);
  for (const { variant, table: whole, chain } of tablesAt(walk, hook, table, only)) {
    const end = passChain(walk, { hook, variant, table }, whole, chain);
    if (end !== undefined) return end;
  }
  return undefined;
}

/**
 * Only the first packet of a connection is shown to the rules of `nat`, and only while that end of it is not settled: the
 * first translation holds (nf_nat_core.c, nf_nat_inet_fn). Replies have it undone.
 */
function passNat(walk: Walk, hook: Hook): PathEnd | undefined {
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
interface Turn {
  readonly name: string;
  readonly priority: number;
  readonly run: () => PathEnd | undefined;
}

/** The chains of a hook that translate: iptables' and nftables' own are shown the packet by their priorities. */
function turnsAt(walk: Walk, hook: Hook): readonly Turn[] {
  const { netState, packet } = walk;
  const priority = priorityOf('nat', hook);
  const own = netState.rulesets.flatMap(({ variant, rules }): Turn[] => {
    const table = rules[packet.family].tables.get('nat');
    const chain = chainOf(rules[packet.family], 'nat', hook);
    if (table === undefined || chain === undefined) return [];
    if (chain.rules.length === 0 && chain.policy === 'ACCEPT') return [];
    const run = (): PathEnd | undefined => passChain(walk, { hook, variant, table: 'nat' }, table, chain);
    return [{ name: variant, priority, run }];
  });
  const natives = hooksAt(netState, packet.family, hook, 'nat').map((hooked): Turn => ({
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
function takeTurns(walk: Walk, hook: Hook, turns: readonly Turn[]): PathEnd | undefined {
  const side = sideOf(hook);
  let left = [...turns];
  while (left.length > 0) {
    const [{ priority }] = left as [Turn, ...Turn[]];
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

function firstOf(walk: Walk, hook: Hook, waiting: readonly Turn[]): Turn {
  const why = `which of ${waiting.map(({ name }) => name).join(' and ')} comes first in nat ${hook}`;
  const chosen = waiting.slice(0, -1).find(() => decide(walk, { why, table: 'nat', chain: hook }, true));
  return chosen ?? (waiting.at(-1) as Turn);
}

/** Runs a chain and takes everything back. */
function tryOut<T>(walk: Walk, { run }: Turn, judge: (end: PathEnd | undefined) => T): T {
  const { packet, settled, changedSets } = walk;
  const [doubts, steps] = [walk.doubts.length, walk.steps.length];
  const found = judge(run());
  Object.assign(walk, { packet, settled, changedSets });
  walk.doubts.length = doubts;
  walk.steps.length = steps;
  return found;
}

function doesAnything(walk: Walk, side: Side, turn: Turn): boolean {
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
const wouldSettle = (walk: Walk, side: Side, turn: Turn): boolean =>
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

/** When each stage of {@link passTables} comes; `nat` is hooked in by the end it translates. */
const PRIORITIES: Readonly<Record<string, number>> = {
  ...HOOK_PRIORITY,
  'legacy security': HOOK_PRIORITY.security,
  'nft security': NFT_SECURITY_PRIORITY,
  natives: Infinity,
};

const priorityOf = (table: string, hook: Hook): number => PRIORITIES[table] ?? natPriority(hook);

function passStage(walk: Walk, hook: Hook, table: string): PathEnd | undefined {
  if (table === 'natives') return undefined;
  return table === 'conntrack' ? track(walk) : passTable(walk, hook, table);
}

/** Conntrack sees the packet, behind `raw` and in front of everything else. */
function track(walk: Walk): PathEnd | undefined {
  const { state, translated } = walk.packet;
  // What comes back over lo is known already.
  walk.tracked ||= state !== 'INVALID' && state !== 'UNTRACKED';
  const later = state === 'ESTABLISHED' || state === 'RELATED';
  const isKnown = walk.answers !== undefined || walk.follows !== undefined;
  if (later && !isKnown && (translated.source || translated.destination))
    return unknownEnd({ why: 'what NAT makes of a packet in the middle of a translated connection' });
  return undefined;
}

/**
 * Shows the packet to tables in the order their hooks have (netfilter_ipv4.h).
 *
 * nftables' own chains come in between, by their priorities.
 *
 * @param tables - `conntrack` among them is where the packet gets its connection; `nft security` is one variant's alone;
 *   `natives` means those of nftables' own chains that are left at this hook
 * @returns undefined when it passes all of them
 */
export function passTables(walk: Walk, hook: Hook, tables: readonly string[]): PathEnd | undefined {
  for (const table of tables) {
    const end = passNatives(walk, hook, priorityOf(table, hook)) ?? passStage(walk, hook, table);
    if (end !== undefined) return end;
  }
  return undefined;
}
