import type { Path } from '../../../trace/path.ts';
import type { PublishedPort } from '../../../docker/inventory/inventory.ts';
import { judgeServiceOf } from '../../checks/container/service.ts';
import { insideOf, type Member } from '../../lookup.ts';
import { outwardPaths } from '../../paths/asked.ts';
import { follow, isThrough, type Followed } from '../../paths/follow.ts';
import { outcomeWords } from '../../paths/outcome-words.ts';
import { arrivingPaths } from '../arriving.ts';
import { doorInto, wireWith } from '../door.ts';
import type { FleetHost, FleetTarget, HostFate } from './host.ts';
import { leavingBy } from '../leaving.ts';
import type { PeerHost, WirePacket } from '../peer.ts';

/** Why a way is cut, and where; undefined for one that is open. */
export function fateOf(
  asker: Member,
  target: FleetTarget,
  asking: FleetHost,
  asked: FleetHost,
): { readonly at: FleetHost; readonly fate: HostFate } | undefined {
  const out = leavesAs(asker, target, asking);
  if (out.verdict !== 'ok') return { at: asking, fate: out };
  const { wire } = out;
  if (wire === undefined)
    return {
      at: asking,
      fate: { verdict: 'unknown', what: 'as whom packets leave is not known' },
    };
  const own = { ...wire, ...target };
  const into = entersBy(own, target.published, asked);
  if (into.verdict !== 'ok') return { at: asked, fate: into };
  return wireWith(own.source, asking.peer.facts) === undefined
    ? {
        at: asking,
        fate: {
          verdict: 'unknown',
          what: `packets of network ${asker.network.name} leave with the container's own address: whether answers come back is not seen here`,
        },
      }
    : undefined;
}

function leavesAs(
  asker: Member,
  target: FleetTarget,
  { peer, apart, known }: FleetHost,
): HostFate & { readonly wire?: WirePacket | undefined } {
  const { proto, port, address } = target;
  const key = `out ${asker.network.id} ${apart.addressKey(address)} ${String(port)}/${proto}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const sender = { is: 'containers', names: [asker.container.name] } as const;
  const [request] = outwardPaths(sender, { kind: 'address', ...target }, peer.facts);
  const leaving = request && leavingBy(request, target, peer.facts);
  const answered = request === undefined ? [] : follow(request, peer.facts);
  const fate =
    leaving === undefined
      ? { verdict: 'unknown' as const, what: `nothing of network ${asker.network.name} can be followed` }
      : { ...worst(answered), wire: leaving.wire };
  known.set(key, fate);
  return fate;
}

function entersBy(packet: WirePacket, published: PublishedPort, { peer, apart, known }: FleetHost): HostFate {
  const door = doorInto(packet, peer.facts);
  if (door === undefined)
    return { verdict: 'unknown', what: 'by which interface packets come in is not known' };
  const { address, port, proto, source } = packet;
  const key = `in ${door.link.name} ${address} ${String(port)}/${proto} ${apart.addressKey(source)}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const requests = arrivingPaths(packet, door, NO_TROUBLE, peer.facts);
  const followed: HostFate =
    requests.length === 0
      ? { verdict: 'unknown', what: 'nothing that is published there can be followed' }
      : worst(requests.flatMap((request) => follow(request, peer.facts)));
  const fate = followed.verdict === 'ok' ? servedBy(published, peer) : followed;
  known.set(key, fate);
  return fate;
}

/** Whether a service takes what the rules lead to it. */
function servedBy(published: PublishedPort, { facts }: PeerHost): HostFate {
  const [check] = judgeServiceOf(published, facts);
  if (check !== undefined) return { verdict: 'fail', what: check.title };
  const { container, port, proto } = published;
  const found = facts.containers.find(({ name }) => name === container);
  return (found && insideOf(found)?.listeners) === undefined
    ? { verdict: 'unknown', what: `whether ${container} listens on ${String(port)}/${proto} was not read` }
    : { verdict: 'ok', what: '' };
}

const NO_TROUBLE = { target: { kind: 'host' }, containers: new Set<string>(), trouble: [] } as const;

/** The first packet, there or back, that did not get where it should. */
function worst(followed: readonly Followed[]): HostFate {
  const bad = followed.find((one) => !isThrough(one));
  if (bad === undefined) return { verdict: 'ok', what: '' };
  return { verdict: bad.outcome.is === 'unknown' ? 'unknown' : 'fail', what: whyNot(bad) };
}

function whyNot({ outcome, path }: Followed): string {
  const { end, packet } = path;
  const answer = packet.state === 'NEW' ? '' : 'answers: ';
  return `${answer}${end.at === 'sent' || end.at === 'local' ? outcomeWords(outcome) : endWords(end)}`;
}

function endWords(end: Exclude<Path['end'], { readonly at: 'sent' | 'local' }>): string {
  switch (end.at) {
    case 'stopped':
      return end.rule === undefined
        ? `${end.target} by the policy of ${end.table} ${end.chain}`
        : `${end.target} by a rule of ${end.table} ${end.chain}: ${end.rule.text}`;
    case 'lost':
      return end.detail === '' ? end.why : end.detail;
    case 'unknown':
      return `not known: ${end.why}`;
  }
}
