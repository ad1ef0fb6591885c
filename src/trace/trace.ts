import { heldAgainstDiscovery } from './discovery.ts';
import { besideNatives } from './native/beside.ts';
import type { Packet, Vague } from './packet.ts';
import type { Path, PathEnd } from './path.ts';
import type { NetworkState } from './network-state.ts';
import { startWalk, unknownEnd, type Walk } from './walk.ts';
import { goAllTheWay } from './way.ts';

export interface TraceOptions {
  /** The path of the connection's first packet, where this one answers it: its NAT is undone. */
  readonly answers?: Path;
  /** The path of the connection's first packet, where this one comes after it from the same end: its NAT is done again. */
  readonly follows?: Path;
  /** How many ways are tried where something is not known, before the answer is that it is not known; 64 when absent. */
  readonly branches?: number;
  /** `known`: the kernel knows every neighbour already, and asks for none; absent: it has to find them. */
  readonly neighbours?: 'known';
}

const BRANCHES = 64;

/**
 * The whole way of one packet through one network namespace, as the kernel takes it: through raw, mangle, nat and filter
 * of every variant, and through routing.
 *
 * Where it is not known whether a rule applies, the path branches, and every branch is followed. Where all of them end
 * alike and translate alike, that is the answer; else the end is `unknown` and names the first such rule.
 *
 * @param packet - `inInterface` is '' for one that is made here; its source may then be '' too
 * @param netState - all that decides: rules, sets, routes, interfaces, sysctls
 */
export function tracePath(packet: Packet, netState: NetworkState, options: TraceOptions = {}): Path {
  const path = followAlong(packet, netState, options, goAllTheWay);
  const isFirst = options.answers === undefined && options.follows === undefined;
  return isFirst && options.neighbours !== 'known'
    ? heldAgainstDiscovery(path, netState, (one, state, along) => followAlong(one, state, {}, along))
    : path;
}

function followAlong(
  packet: Packet,
  netState: NetworkState,
  options: TraceOptions,
  along: (walk: Walk) => PathEnd,
): Path {
  if (netState.unread !== undefined)
    return pathOf(packet, startWalk(packet, netState, [], options), unknownEnd({ why: netState.unread }));
  const open: (readonly boolean[])[] = [[]];
  let first: { readonly walk: Walk; readonly end: PathEnd } | undefined;
  let vagueMarks = false;
  for (let tried = 0; open.length > 0; tried++) {
    const chosen = open.pop() ?? [];
    const walk = startWalk(packet, netState, chosen, options);
    const end = along(walk);
    first ??= { walk, end };
    const [doubt = { why: 'too many ways' }] = first.walk.doubts.map((one) => one.doubt);
    if (end.at === 'unknown') return pathOf(packet, first.walk, end);
    if (tried >= (options.branches ?? BRANCHES) || !isAlike(first, { walk, end }))
      return pathOf(packet, first.walk, unknownEnd(doubt));
    vagueMarks ||=
      first.walk.packet.mark !== walk.packet.mark || first.walk.packet.connmark !== walk.packet.connmark;
    const taken = walk.doubts.map((one) => one.taken);
    for (let i = chosen.length; i < taken.length; i++) open.push([...taken.slice(0, i), !taken[i]]);
  }
  if (first === undefined) throw new Error('no branch was followed');
  const { end } = first;
  const { packet: last } = first.walk;
  const isLater = options.follows !== undefined;
  const path = pathOf(packet, first.walk, besideNatives(netState, { packet, last, end, isLater }));
  if (!vagueMarks) return path;
  const vague = new Set<Vague>([...(path.last.vague ?? []), 'mark', 'connmark']);
  return { ...path, last: { ...path.last, vague: [...vague] } };
}

const pathOf = (packet: Packet, { packet: last, steps }: Walk, end: PathEnd): Path => ({
  packet,
  last,
  steps,
  end,
});

/** What two branches must have in common to be one answer: how they end, and what NAT made of the packet. */
function isAlike(a: { walk: Walk; end: PathEnd }, b: { walk: Walk; end: PathEnd }): boolean {
  return keyOf(a.end, a.walk.packet) === keyOf(b.end, b.walk.packet);
}

function keyOf(
  end: PathEnd,
  { source, destination, sourcePort, destinationPort, vague = [] }: Packet,
): string {
  const parts = [source, destination, sourcePort, destinationPort, ...[...vague].sort()];
  switch (end.at) {
    case 'sent':
      return [end.at, end.outInterface, end.nextHop, ...parts].join(' ');
    case 'local':
      return [end.at, ...parts].join(' ');
    case 'lost':
      return [end.at, end.why].join(' ');
    // Of a packet that is gone it concerns nobody what NAT made of it, nor whether its sender is told.
    default:
      return end.at;
  }
}

/**
 * The way of the first packet back: what the other end of a connection answers, with NAT undone.
 *
 * @param path - the way of the connection's first packet, which must have reached somebody
 * @param inInterface - where the answer comes in; '' where it is this machine that answers
 */
export function traceAnswer(path: Path, netState: NetworkState, inInterface: string, inPort = ''): Path {
  const { last } = path;
  const answer: Packet = {
    ...last,
    ...{ inInterface, inPort, outInterface: '', mark: 0, state: 'ESTABLISHED' },
    ...{ source: last.destination, destination: last.source },
    ...{ sourcePort: last.destinationPort, destinationPort: last.sourcePort },
    ...(last.protocol === 'tcp' && { tcpFlags: ['SYN', 'ACK'] }),
    ...(last.icmp && { icmp: { type: last.icmp.type === 8 ? 0 : 129, code: 0 } }),
  };
  if (last.vague !== undefined)
    return {
      packet: answer,
      last: answer,
      steps: [],
      end: unknownEnd({ why: 'what NAT made of the first packet' }),
    };
  return { ...tracePath(answer, netState, { answers: path }), first: path };
}

/**
 * The way of what comes next from whoever asked, once the first packet was answered: of TCP, the end of the handshake and all that is
 * said. Rules that let only new connections begin stop it.
 *
 * @param path - the way of the connection's first packet, which must have reached somebody, under a source that is known
 */
export function traceNext(path: Path, netState: NetworkState): Path {
  const { packet, last } = path;
  const { translated, original, connmark } = last;
  const next: Packet = {
    ...packet,
    ...{ source: original.source, state: 'ESTABLISHED', translated, original, connmark },
    ...(packet.protocol === 'tcp' && { tcpFlags: ['ACK'] }),
  };
  return { ...tracePath(next, netState, { follows: path }), first: path };
}
