import type { LeavesAs, ProxyAnswers } from '../docker/intent/values.ts';
import { isLoopback, sameBlock } from '../net/address.ts';
import type { NetworkState } from '../trace/network-state.ts';
import type { Path } from '../trace/path.ts';
import { traceAnswer, traceNext, tracePath } from '../trace/trace.ts';
import { linkOf } from '../trace/routing/local.ts';
import { lookupRoute, sourceFor } from '../trace/routing/route.ts';
import type { AskedFor, Asker, Is, Leg, Spot } from './cell.ts';
import { answerOutcome, outcomeOf, proxyAddress, type Goal } from './goal.ts';
import { FROM_PORT, packetTo } from './question.ts';

/** What following a cell's packets takes beside the cell itself. */
export interface FollowContext {
  readonly netState: NetworkState;
  /** Port of a bridge that stands for any of its ports; '' where they are not alike. */
  readonly portOf: (bridge: string) => string;
  /** From which address docker-proxy answers where it serves a port of the host's at an address; undefined where it serves none. */
  readonly servedBy: (proto: string, at: string, port: number) => ProxyAnswers | undefined;
  /** As whom the packets of a network should leave. */
  readonly leavesAs: (bridge: string) => LeavesAs | undefined;
}

/** The way of one packet of a cell, and on which leg of it. */
export interface TrailLeg {
  readonly leg: Leg;
  readonly path: Path;
}

/** What became of a cell's packets, and by which ways, in order: the question, its answer, and what docker-proxy asks. */
export interface FollowedCell {
  readonly is: Is;
  readonly trail: readonly TrailLeg[];
}

/** Where each way is kept as it is followed. */
interface Following extends FollowContext {
  readonly trail: TrailLeg[];
}

const door = ({ bridge }: Spot, { portOf }: FollowContext) => ({
  inInterface: bridge,
  inPort: portOf(bridge),
});

const at = ({ bridge, address }: Spot, port: number): Goal => ({ to: 'container', bridge, address, port });

/** Follows what an asker asks, and the answer. */
export function followCell(
  asker: Asker,
  asked: AskedFor,
  proto: string,
  context: FollowContext,
): FollowedCell {
  const trail: TrailLeg[] = [];
  return { is: outcomeFor(asker, asked, proto, { ...context, trail }), trail };
}

function outcomeFor(asker: Asker, asked: AskedFor, proto: string, around: Following): Is {
  switch (asked.what) {
    case 'published':
      return followPublished(asker, asked, proto, around);
    case 'own-port':
    case 'unpublished': {
      const { spot, port } = asked;
      const path = question(asker, spot.address, port, proto, around);
      return thereAndBack(path, at(spot, port), asker, spot, around);
    }
    case 'outside':
      return followOut(asker, asked.address, asked.port ?? (proto === 'tcp' ? 443 : 53), proto, around);
    case 'name-server':
      return followOut(asker, asked.address, 53, proto, around);
  }
}

function question(asker: Asker, to: string, port: number, proto: string, around: Following): Path {
  const source = asker.by === 'outside' ? asker.address : asker.by === 'host' ? '' : asker.spot.address;
  const from =
    asker.by === 'outside'
      ? { inInterface: asker.interface }
      : asker.by === 'host'
        ? {}
        : door(asker.spot, around);
  const path = tracePath(packetTo(proto, [source, to, port], from), around.netState);
  // What docker-proxy asks comes behind the question that it was asked.
  around.trail.push({ leg: around.trail.length === 0 ? 'question' : 'proxy', path });
  return path;
}

function thereAndBack(path: Path, goal: Goal, asker: Asker, to: Spot, around: Following): Is {
  const there = ended(path, goal, 'question', around);
  if (there !== undefined) return there;
  const { inInterface, inPort } = door(to, around);
  return (
    back(path, asker, inInterface, inPort, around) ??
    next(path, goal, around) ?? { is: 'reached', as: path.last.source }
  );
}

/** What is said once a connection stands: nobody was reached whom nothing can be told. A datagram is all there is to say. */
function next(path: Path, goal: Goal, around: Following): Is | undefined {
  if (path.packet.protocol !== 'tcp' || path.last.vague !== undefined) return undefined;
  const later = traceNext(path, around.netState);
  around.trail.push({
    leg: around.trail.some(({ leg }) => leg === 'proxy') ? 'proxy' : 'question',
    path: later,
  });
  return ended(later, goal, 'question', around);
}

/** @returns undefined where a packet came to its goal */
function ended(path: Path, goal: Goal, leg: Leg, { netState }: FollowContext, asked?: Path): Is | undefined {
  const held = outcomeOf(path, goal, netState);
  const outcome = asked === undefined ? held : answerOutcome(held, asked, path);
  const { end } = path;
  if (outcome.is === 'reached') return undefined;
  return outcome.is === 'unknown' ? { is: 'unknown', leg, end } : { is: 'stopped', leg, outcome, end };
}

/** The answer to a question that got there. */
function back(path: Path, asker: Asker, by: string, port: string, around: Following): Is | undefined {
  // What a translation to a value not known here looks like on its way back nobody can say: the kernel undoes it.
  if (path.last.vague !== undefined) return undefined;
  const answer = traceAnswer(path, around.netState, by, port);
  around.trail.push({
    leg: around.trail.some(({ leg }) => leg === 'proxy') ? 'proxy' : 'answer',
    path: answer,
  });
  const stopped = ended(answer, answerGoal(asker, path), 'answer', around, path);
  if (stopped !== undefined || asker.by !== 'outside') return stopped;
  const { end } = answer;
  if (end.at !== 'sent' || end.outInterface === asker.interface) return undefined;
  // Beyond a link there may be several ways home, each by a gateway; a neighbour on it gets only what is sent on it.
  const isUplink = end.nextHop !== '' && linkOf(around.netState, end.outInterface)?.kind !== 'bridge';
  return asker.from === 'beyond' && isUplink
    ? undefined
    : { is: 'stopped', leg: 'answer', outcome: { is: 'elsewhere', by: end.outInterface }, end };
}

function answerGoal(asker: Asker, { packet }: Path): Goal {
  if (asker.by === 'outside') return { to: 'outside', masqueraded: false };
  return asker.by === 'host' ? { to: 'host' } : at(asker.spot, packet.sourcePort || FROM_PORT);
}

function followPublished(
  asker: Asker,
  asked: Extract<AskedFor, { what: 'published' }>,
  proto: string,
  around: Following,
): Is {
  const { spot, port, hostPort } = asked;
  const path = question(asker, asked.at, hostPort, proto, around);
  const is = thereAndBack(path, at(spot, port), asker, spot, around);
  const taker =
    is.is === 'stopped' && is.leg === 'question' ? proxyAddress(path, is.outcome, asked) : undefined;
  const served = taker === undefined ? undefined : around.servedBy(proto, taker, hostPort);
  if (served === undefined)
    return taker !== undefined && asked.proxied !== undefined && is.is === 'stopped'
      ? { ...is, outcome: { is: 'unserved' } }
      : is;
  const answered =
    back(path, asker, '', '', around) ??
    (served === 'as-routed' ? answeredElsewhere(path, around) : undefined) ??
    next(path, { to: 'host' }, around);
  if (answered !== undefined) return answered;
  // What it asks goes by the other family's rules: its table knows.
  if (asked.proxied !== undefined) return { is: 'proxied' };
  const host: Asker = { by: 'host' };
  const onwards = question(host, spot.address, port, proto, around);
  const proxied = thereAndBack(onwards, at(spot, port), host, spot, around);
  return proxied.is === 'reached'
    ? { is: 'proxied' }
    : { ...proxied, ...(proxied.is !== 'proxied' && { leg: 'proxy' }) };
}

/** docker-proxy answers a datagram with the address that the way back gives it, and whoever asked another one takes it for none. */
function answeredElsewhere({ packet, last }: Path, { netState }: FollowContext): Is | undefined {
  const unknown = (why: string): Is => ({ is: 'unknown', leg: 'answer', end: { at: 'unknown', why } });
  const from = 'the address docker-proxy answers from';
  // Masqueraded on its way over lo, it seems to come from an address of another interface.
  if (last.vague?.includes('source') === true) return unknown(from);
  const { family, protocol, source: destination } = last;
  const routing = lookupRoute(netState, {
    ...{ family, protocol, source: '', destination, mark: 0, inInterface: '' },
    ...{ sourcePort: last.destinationPort, destinationPort: last.sourcePort },
    ...(last.vague?.includes('sourcePort') === true && { vague: ['destinationPort'] }),
  });
  // A way back that ends here was followed with the answer.
  if (routing.kind === 'none') return undefined;
  if (routing.kind === 'unknown') return unknown(routing.why);
  const source = sourceFor(netState, family, destination, routing);
  if (source === undefined || source === '') return unknown(from);
  const end = { at: 'sent', outInterface: routing.route.dev, nextHop: routing.route.via } as const;
  return sameBlock(source, packet.destination)
    ? undefined
    : { is: 'stopped', leg: 'answer', outcome: { is: 'not-undone' }, end };
}

/** A container asks outside, or its name server, which may be this host. */
function followOut(asker: Asker, to: string, port: number, proto: string, around: Following): Is {
  if (asker.by !== 'container' || isLoopback(to)) throw new Error('only containers ask outside');
  const path = question(asker, to, port, proto, around);
  const { netState } = around;
  const leaves = around.leavesAs(asker.spot.bridge);
  // Of a network that nothing should leave nobody outside can answer either, but by an address of this host.
  const isMasked = leaves?.as !== 'itself';
  const isCertain = leaves?.as === 'address';
  if (
    path.end.at === 'local' &&
    netState.links.some(({ addresses }) => addresses.some(({ address }) => address === to))
  )
    return back(path, asker, '', '', around) ?? { is: 'reached', as: path.last.source };
  const { end, last } = path;
  const by = end.at === 'sent' ? end.outInterface : '';
  const goal: Goal = { to: 'outside', masqueraded: isMasked && !isCertain, from: asker.spot.bridge };
  const there = ended(path, goal, 'question', around);
  if (there !== undefined) return there;
  if (isCertain && last.source !== leaves.address && last.vague === undefined)
    return { is: 'stopped', leg: 'question', outcome: { is: 'unmasked' }, end };
  return back(path, asker, by, '', around) ?? next(path, goal, around) ?? { is: 'reached', as: last.source };
}
