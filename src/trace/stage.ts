import { chainOf, type Backend, type Chain, type Table } from '../iptables/model.ts';
import { targetOf } from '../iptables/view.ts';
import { passChain, sideOf } from './chain.ts';
import { CHANGING_TARGETS } from './effects.ts';
import { passNatives } from './native-chain.ts';
import type { Hook, PathEnd } from './path.ts';
import { isIcmp } from './protocols.ts';
import { decide, note, unknownEnd, type Walk } from './walk.ts';

interface Post {
  readonly backend: Backend;
  readonly table: Table;
  readonly chain: Chain;
}

const counting = new WeakMap<Table, boolean>();

/** Whether it matters for other rules of the same hook when the ones of a table are run. */
function isOrdered(table: Table): boolean {
  const known = counting.get(table);
  if (known !== undefined) return known;
  const ordered =
    table.name === 'nat' ||
    [...table.chains.values()].some(({ rules }) =>
      rules.some(({ text }) => {
        const target = targetOf(text) ?? '';
        return CHANGING_TARGETS.has(target) || target === 'REJECT';
      }),
    );
  counting.set(table, ordered);
  return ordered;
}

/** Where rules of a table stand at a hook. Two backends' are run in the order they were registered in, which nobody tells. */
function postsAt(walk: Walk, hook: Hook, table: string, only?: string): readonly Post[] {
  const posts = walk.terrain.banks.flatMap(({ backend, rules }): Post[] => {
    if (only !== undefined && backend !== only) return [];
    const ruleset = rules[walk.packet.family];
    const chain = chainOf(ruleset, table, hook);
    const whole = ruleset.tables.get(table);
    if (chain === undefined || whole === undefined) return [];
    return chain.rules.length > 0 || chain.policy !== 'ACCEPT' ? [{ backend, table: whole, chain }] : [];
  });
  if (posts.length < 2 || !posts.some((post) => isOrdered(post.table))) return posts;
  const why = `which of ${posts.map(({ backend }) => backend).join(' and ')} comes first in ${table} ${hook}`;
  return decide(walk, { why, table, chain: hook }, true) ? posts : [...posts].reverse();
}

/** One table's rules at a hook, of every backend. A packet that one drops is gone, whatever the other would have said. */
function passTable(walk: Walk, hook: Hook, words: string): PathEnd | undefined {
  const [table = '', only] = words.split(' ').reverse();
  if (table === 'nat') return passNat(walk, hook);
  for (const { backend, table: whole, chain } of postsAt(walk, hook, table, only)) {
    const end = passChain(walk, { hook, backend, table }, whole, chain);
    if (end !== undefined) return end;
  }
  return undefined;
}

/**
 * Only the first packet of a connection is shown to the rules of `nat`, and only while that end of it is not settled: the
 * first translation stands (nf_nat_core.c, nf_nat_inet_fn). Packets that answer have it undone.
 */
function passNat(walk: Walk, hook: Hook): PathEnd | undefined {
  const side = sideOf(hook);
  if (walk.answers !== undefined) {
    if (walk.tracked) undo(walk, hook);
    return undefined;
  }
  const { state, protocol } = walk.packet;
  if (!walk.tracked || walk.settled.has(side) || (state !== 'NEW' && state !== 'RELATED')) return undefined;
  if (state === 'RELATED' && isIcmp(protocol)) return undefined;
  const posts = postsAt(walk, hook, 'nat');
  if (state === 'RELATED' && posts.length > 0)
    return unknownEnd({ why: 'NAT of a connection that a helper expected', table: 'nat', chain: hook });
  for (const { backend, table, chain } of posts) {
    const end = passChain(walk, { hook, backend, table: 'nat' }, table, chain);
    if (end !== undefined) return end;
    if (walk.settled.has(side)) return undefined;
  }
  walk.settled = new Set([...walk.settled, side]);
  return undefined;
}

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

/** Where tables are hooked in (netfilter_ipv4.h); iptables-nft has `security` at 150 (measured). */
const PRIORITIES: Readonly<Record<string, number>> = {
  raw: -300,
  conntrack: -200,
  mangle: -150,
  filter: 0,
  'legacy security': 50,
  'nft security': 150,
  natives: Infinity,
};

const priorityOf = (table: string, hook: Hook): number =>
  PRIORITIES[table] ?? (sideOf(hook) === 'destination' ? -100 : 100);

function passStage(walk: Walk, hook: Hook, table: string): PathEnd | undefined {
  if (table === 'natives') return undefined;
  return table === 'conntrack' ? track(walk) : passTable(walk, hook, table);
}

/** Conntrack looks at the packet, behind `raw` and in front of everything else. */
function track(walk: Walk): PathEnd | undefined {
  const { state, translated } = walk.packet;
  // What comes back over lo is known already.
  walk.tracked ||= state !== 'INVALID' && state !== 'UNTRACKED';
  const later = state === 'ESTABLISHED' || state === 'RELATED';
  if (later && walk.answers === undefined && (translated.source || translated.destination))
    return unknownEnd({ why: 'what NAT makes of a packet in the middle of a translated connection' });
  return undefined;
}

/**
 * Shows the packet to tables in the order their hooks have (netfilter_ipv4.h).
 *
 * nftables' own chains come in between, by their priorities.
 *
 * @param tables - `conntrack` among them is where the packet gets its connection; `nft security` is one backend's alone;
 *   `natives` stands for those of nftables' own chains that are left at this hook
 * @returns undefined when it passes all of them
 */
export function passTables(walk: Walk, hook: Hook, tables: readonly string[]): PathEnd | undefined {
  for (const table of tables) {
    const end = passNatives(walk, hook, priorityOf(table, hook)) ?? passStage(walk, hook, table);
    if (end !== undefined) return end;
  }
  return undefined;
}
