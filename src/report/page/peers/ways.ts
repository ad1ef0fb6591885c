import { hostPort } from '../../../net/address.ts';
import type { PeerDiagnosis, PeerLeg, PeersDiagnosis, WireEnds } from '../../../doctor/peers/peer.ts';
import type { Packet } from '../../../trace/packet.ts';
import type { Path } from '../../../trace/path.ts';
import { endWords, isOpen } from '../../doctor/words.ts';
import { html, type Html } from '../html.ts';
import { mark } from '../parts.ts';
import { stagesOf } from '../way.ts';
import { LEG_WORDS } from './words.ts';

/** Parts of each direction in the order they are passed. On a wide page the host that asks is on the left in both. */
const DIRECTIONS = [
  { name: 'The question', order: 'forth', parts: ['out', 'there', 'in'] },
  { name: 'The answer', order: 'home', parts: ['answer', 'back', 'home'] },
] as const;

/** Both hosts and the wire between them: the question above, its answer below. */
export function twoWaysSection(diagnosis: PeersDiagnosis): Html {
  const { asking, asked, legs } = diagnosis;
  return html`<section aria-labelledby="way">
    <h2 id="way">The way there and back</h2>
    <p class="lead">
      Followed by the rules, routes and addresses of both hosts. What is between them nobody asked.
    </p>
    ${DIRECTIONS.map(({ name, order, parts: [first, wire, then] }) => {
      const [from, to] = order === 'forth' ? [asking, asked] : [asked, asking];
      return html`<h3 class="direction">${name}</h3>
        <div class="hosts ${order}">
          ${hostBox(legWith(first, legs), first, from)} ${wireBox(legWith(wire, legs), wire)}
          ${hostBox(legWith(then, legs), then, to)}
        </div>`;
    })}
  </section>`;
}

const legWith = (part: PeerLeg['part'], legs: readonly PeerLeg[]): PeerLeg | undefined =>
  legs.find((leg) => leg.part === part);

/** What is not followed is drawn all the same: an empty place is no healthy one. */
const missingBox = (name: string, part: PeerLeg['part']): Html =>
  html`<div class="side missing">
    <h4>${LEG_WORDS[part]}</h4>
    <p class="who">${name}</p>
    <p class="soft small">Not followed: the packet is not known to get so far.</p>
  </div>`;

function hostBox(
  leg: PeerLeg | undefined,
  part: PeerLeg['part'],
  { about: { host }, diagnosis: { tree } }: PeerDiagnosis,
): Html {
  if (leg === undefined) return missingBox(host, part);
  const { verdict, path, what } = leg;
  // What passes by the rules of its host has no path through them.
  if (path === undefined)
    return html`<div class="side ${verdict}">
      <h4>${mark(verdict)} ${LEG_WORDS[part]}</h4>
      <p class="who">${host}</p>
      <p class="outcome">${what}</p>
    </div>`;
  const named = (dev: string): string => {
    const network = tree.find(({ bridge }) => bridge === dev)?.network ?? '';
    return network === '' ? dev : `${dev}, network ${network}`;
  };
  const { packet, end } = path;
  return html`<div class="side ${verdict}">
    <h4>${mark(verdict)} ${LEG_WORDS[part]}</h4>
    <p class="who">${host}</p>
    <dl>
      ${row('In by', packet.inInterface === '' ? `made on ${host} itself` : named(packet.inInterface))}
      ${packet.source === '' ? undefined : row('Comes as', packetLine(packet))}
      ${row(
        'Rules',
        html`<ul>
          ${stagesOf(path).map(
            ({ place, told, ends }) =>
              html`<li class="${ends ? 'ends' : ''}"><b>${ends ? `■ ${place}` : place}</b> ${told}</li>`,
          )}
        </ul>`,
      )}
      ${translatedRow(path)}
      ${
        end.at === 'sent'
          ? row('Out by', named(end.outInterface))
          : row(isOpen(path) ? 'Ends' : 'Stopped', endWords(end).text)
      }
    </dl>
    <p class="outcome">${what}</p>
  </div>`;
}

const row = (name: string, value: string | Html): Html =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;

const packetLine = ({ source, sourcePort, destination, destinationPort }: Packet): string =>
  `${hostPort(source, sourcePort)} → ${hostPort(destination, destinationPort)}`;

/** As whom it leaves, and to whom, where that is not as it came. */
function translatedRow(path: Path): Html | undefined {
  const { packet, last } = path;
  if (packetLine(packet) === packetLine(last)) return undefined;
  return row(isOpen(path) ? 'Leaves as' : 'Then is', packetLine(last));
}

function wireBox(leg: PeerLeg | undefined, part: 'there' | 'back'): Html {
  if (leg?.wire === undefined) return missingBox('Between the hosts', part);
  const { verdict, wire, what } = leg;
  const { packet } = wire;
  // Nobody looked: what is taken to be carried gets no mark that it is.
  const isTaken = verdict === 'ok';
  return html`<div class="side wire ${isTaken ? '' : verdict}">
    <h4>${isTaken ? undefined : html`${mark(verdict)} `}${LEG_WORDS[part]}</h4>
    <p class="who">Between the hosts</p>
    <dl>
      ${packet.isSeen ? undefined : row('Supposed', `as it would be, once ${wire.from.host} lets it out`)}
      ${row('Carries', `${packet.source} → ${packet.address}`)} ${row('From', endLine(wire.from))}
      ${row('By way of', wayLine(wire))} ${row('To', endLine(wire.to))}
      ${part === 'there' ? row('Way back', homeLine(wire)) : undefined}
    </dl>
    <p class="outcome">${what}</p>
    <p class="soft small">
      Not seen from either host:
      ${
        wire.isDirect
          ? 'what a switch, a hypervisor or a cloud’s own firewall drops between them.'
          : 'firewalls, routes and NAT of others between them, and a smaller MTU there.'
      }
    </p>
  </div>`;
}

const endLine = ({ host, dev, mtu }: WireEnds['to']): string =>
  dev === ''
    ? `${host}, by an interface that is not known`
    : `${dev} of ${host}${mtu === undefined ? '' : `, MTU ${String(mtu)}`}`;

const wayLine = ({ isDirect, packet: { nextHop } }: WireEnds): string => {
  if (isDirect) return 'nobody: both interfaces are on one wire';
  return nextHop === '' ? 'somebody who is not named' : `${nextHop}, which is not seen`;
};

/** What must be routed back, by whom. */
const homeLine = ({ isDirect, from, packet: { source } }: WireEnds): string =>
  isDirect
    ? `answers go to ${source}`
    : `answers go to ${source}: whoever is between must route that to ${from.host}, and NAT of others makes it another address`;
