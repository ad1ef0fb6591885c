import { hostPort } from '../../net/address.ts';
import type { PathEnd } from '../../trace/path.ts';
import type { CheckVerdict } from '../diagnosis.ts';
import { linkOf } from '../lookup.ts';
import { isThrough, type Followed } from '../paths/follow.ts';
import { outcomeWords } from '../paths/outcome-words.ts';
import { wiresOf } from './door.ts';
import type { PeerHost, PeerLeg, WireEnds } from './peer.ts';
import type { PeerWay } from './way.ts';
import type { Crossing } from './wire.ts';

/** The way in parts, as far as it was followed, each in one line. */
export function legsOf(
  { out, there, into: [into, answer], back, home }: PeerWay,
  asking: PeerHost,
  asked: PeerHost,
): readonly PeerLeg[] {
  return [
    ...(out === undefined ? [] : [leg('asking', 'out', out, outWords(out, asking))]),
    ...(there === undefined ? [] : [wireLeg('there', there)]),
    ...(into === undefined ? [] : [leg('asked', 'in', into, inWords(into, asked, there))]),
    ...(answer === undefined
      ? []
      : [leg('asked', 'answer', answer, `its answer ${leaveWords(answer, asked)}`)]),
    ...(back === undefined ? [] : [wireLeg('back', back)]),
    ...(home === undefined || back === undefined
      ? []
      : [
          leg(
            'asking',
            'home',
            home,
            `${back.door === undefined ? 'comes' : `comes into ${asking.about.host} by ${back.door.link.name},`} ${homeWords(home)}`,
          ),
        ]),
  ];
}

const VERDICTS: Readonly<Partial<Record<Followed['outcome']['is'], CheckVerdict>>> = {
  reached: 'ok',
  detour: 'ok',
  unknown: 'unknown',
};

const leg = (
  place: PeerLeg['place'],
  part: PeerLeg['part'],
  { outcome, path }: Followed,
  what: string,
): PeerLeg => ({
  ...{ place, part, what, path },
  verdict: VERDICTS[outcome.is] ?? 'fail',
});

const outWords = (out: Followed, peer: PeerHost): string => {
  const { packet } = out.path;
  const who = packet.source === '' ? peer.about.host : `${out.request.subjects[0] ?? ''} (${packet.source})`;
  return `${who} → ${hostPort(packet.destination, packet.destinationPort)}/${packet.protocol}: ${leaveWords(out, peer)}`;
};

function leaveWords({ outcome, path }: Followed, { about: { host }, facts }: PeerHost): string {
  const { end, last, packet } = path;
  const isOut = isThrough({ outcome });
  const isOnWire = end.at === 'sent' && wiresOf(facts).some(({ name }) => name === end.outInterface);
  if (end.at !== 'sent' || !(isOut || isOnWire))
    return `does not leave ${host}: ${whyNot({ outcome, path })}`;
  const worn =
    last.source === packet.source || packet.source === '' ? last.source : `${last.source} (translated)`;
  const flaw = isOut ? '' : `, ${flawWords(outcome)}`;
  return `leaves ${host} by ${end.outInterface} as ${worn}${end.nextHop === '' ? '' : `, by way of ${end.nextHop}`}${flaw}`;
}

/** What is wrong with a packet that leaves all the same: by whom and as whom has been said. */
const flawWords = (outcome: Followed['outcome']): string => {
  switch (outcome.is) {
    case 'unmasked':
      return 'not masqueraded: only hosts with a route there can answer';
    case 'elsewhere':
      return 'which does not lead there';
    default:
      return outcomeWords(outcome) || 'not as it should';
  }
};

/** Why a packet did not get where it should, in a few words. */
const whyNot = ({ outcome, path: { end, last } }: Pick<Followed, 'outcome' | 'path'>): string =>
  outcomeWords(outcome, last) || ended(end);

function ended(end: PathEnd): string {
  switch (end.at) {
    case 'stopped':
      return `${end.target} by ${end.rule === undefined ? 'the policy of ' : 'a rule of '}${end.table} ${end.chain}`;
    case 'lost':
      return end.detail === '' ? end.why : end.detail;
    case 'unknown':
      return `not known: ${end.why}`;
    case 'sent':
      return `leaves by ${end.outInterface}`;
    case 'local':
      return 'ends at this host';
  }
}

function inWords(into: Followed, { about: { host } }: PeerHost, there: Crossing | undefined): string {
  const { outcome, path, request } = into;
  const by = there?.door?.link.name ?? path.packet.inInterface;
  const { last, packet } = path;
  const who = request.subjects[0] ?? host;
  const moved =
    last.destination === packet.destination && last.destinationPort === packet.destinationPort
      ? ''
      : `translated to ${hostPort(last.destination, last.destinationPort)}, `;
  return outcome.is === 'reached'
    ? `comes into ${host} by ${by}, ${moved}reaches ${who === 'this host' ? host : who}`
    : `comes into ${host} by ${by}, ${moved}does not reach ${who === 'this host' ? host : who}: ${whyNot(into)}`;
}

const homeWords = (home: Followed): string =>
  home.outcome.is === 'reached'
    ? `reaches ${home.request.subjects[0] ?? ''}`
    : `does not reach ${home.request.subjects[0] ?? ''}: ${whyNot(home)}`;

/** What is between both hosts is never seen: it is named, so that somebody can look. */
function wireLeg(part: 'there' | 'back', crossing: Crossing): PeerLeg {
  const { packet, from, to, door } = crossing;
  const wire = endsOf(crossing);
  if (!wiresOf(from.facts).some(({ name }) => name === packet.dev))
    return {
      place: 'between',
      part,
      wire,
      verdict: 'fail',
      what: `does not get to the wire: ${packet.dev} is a network of ${from.about.host} itself`,
    };
  const router = packet.nextHop === '' ? undefined : packet.nextHop;
  const at = door === undefined ? to.about.host : `${door.link.name} of ${to.about.host}`;
  const what =
    door?.isDirect === true
      ? `over the wire to ${at}: nobody routes in between`
      : `by way of ${router ?? 'somebody who is not named'}, which is not seen, to ${at}`;
  return { place: 'between', part, wire, verdict: door === undefined ? 'unknown' : 'ok', what };
}

const endsOf = ({ packet, from, to, door }: Crossing): WireEnds => ({
  packet,
  from: {
    host: from.about.host,
    dev: packet.dev,
    mtu: linkOf(from.facts.netState, packet.dev)?.mtu,
  },
  to: { host: to.about.host, dev: door?.link.name ?? '', mtu: door?.link.mtu },
  isDirect: door?.isDirect === true,
});
