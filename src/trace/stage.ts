import { chainOf, type Variant, type Chain, type Table } from '../firewall/iptables/text/model.ts';
import { targetOf } from '../firewall/iptables/text/view.ts';
import { HOOK_PRIORITY, NFT_SECURITY_PRIORITY } from '../net/hook-priority.ts';
import { natPriority, passChain, sideOf } from './chain.ts';
import { CHANGING_TARGETS } from './effects.ts';
import { nativeTurns } from './native/turns.ts';
import { hooksAt, type Hooked } from './native/tables.ts';
import { uses, usesOfTable, type Uses } from './native/uses.ts';
import { passNat, turnsAt } from './nat-stage.ts';
import type { Hook, PathEnd } from './path.ts';
import { takeAll } from './turns.ts';
import { decide, unknownEnd, type Walk } from './walk.ts';

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
  if (table === 'conntrack') return track(walk);
  const { mark, destination, source } = walk.packet;
  const end = passTable(walk, hook, table);
  if (end !== undefined || walk.reroute === undefined) return end;
  const { packet } = walk;
  const moved = packet.destination !== destination || packet.source !== source || packet.vague !== undefined;
  // Only `mangle` has a packet routed again for its mark, and `nat` for its destination.
  const isRouted = (table === 'mangle' && packet.mark !== mark) || (table === 'nat' && moved);
  return isRouted ? walk.reroute() : undefined;
}

/** What a stage reads and writes that chains of nftables' own at the same moment may as well. */
function usesOfStage(walk: Walk, hook: Hook, stage: string): Uses {
  const { netState, packet, answers, follows } = walk;
  const [table = '', only] = stage.split(' ').reverse();
  if (table === 'conntrack') return uses([], ['track']);
  if (table === 'nat') {
    const isIdle = answers === undefined && follows === undefined && turnsAt(walk, hook).length === 0;
    return isIdle ? uses([], []) : uses(['marks', 'source', 'destination'], ['marks', sideOf(hook)]);
  }
  const read = netState.rulesets
    .filter(({ variant }) => only === undefined || variant === only)
    .flatMap(({ rules }) => {
      const found = rules[packet.family].tables.get(table);
      return found?.chains.has(hook) === true ? [usesOfTable(found)] : [];
    });
  return uses(
    read.flatMap((one) => [...one.reads]),
    read.flatMap((one) => [...one.writes]),
  );
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
  const natives = hooksAt(walk.netState, walk.packet.family, hook);
  let passed = 0;
  for (const stage of tables) {
    const moment = priorityOf(stage, hook);
    const isBefore = ({ priority }: Hooked): boolean => priority < moment;
    const before = natives.slice(passed).filter(isBefore);
    const beside = natives.slice(passed).filter(({ priority }) => priority === moment);
    passed += before.length + beside.length;
    const end = passNatives(walk, hook, before) ?? passMoment(walk, hook, stage, beside);
    if (end !== undefined) return end;
  }
  return undefined;
}

/** Shows the packet to chains of nftables' own, those of one priority as it comes. */
function passNatives(walk: Walk, hook: Hook, natives: readonly Hooked[]): PathEnd | undefined {
  for (const moment of new Set(natives.map(({ priority }) => priority))) {
    const at = natives.filter(({ priority }) => priority === moment);
    const end = takeAll(walk, hook, nativeTurns(walk, hook, at));
    if (end !== undefined) return end;
  }
  return undefined;
}

/** Runs a stage, and the chains of nftables' own that stand at its very priority. */
function passMoment(walk: Walk, hook: Hook, stage: string, beside: readonly Hooked[]): PathEnd | undefined {
  const run = (): PathEnd | undefined => passStage(walk, hook, stage);
  if (beside.length === 0) return run();
  const [table = '', only] = stage.split(' ').reverse();
  const name =
    stage === 'conntrack'
      ? stage
      : `iptables' table ${[...(only === undefined ? [] : [only]), table].join(' ')}`;
  return takeAll(walk, hook, [
    { name, run, uses: usesOfStage(walk, hook, stage) },
    ...nativeTurns(walk, hook, beside),
  ]);
}
