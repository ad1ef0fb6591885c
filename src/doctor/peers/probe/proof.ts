import { checksOf } from '../../checks/check.ts';
import type { Check } from '../../diagnosis.ts';
import { HERE } from '../../probe/probe-plan.ts';
import type { CapturedPacket, ProbeResult } from '../../probe/result.ts';
import { advise } from '../../remedies/proposal.ts';
import type { PeerCause, PeerPlace } from '../peer.ts';
import type { Listened } from './listened.ts';
import { linesOf, passedOn } from './packet-words.ts';

const { ok, warn, fail, unknown } = checksOf('proof');

/** What was seen of one probe on both hosts. */
export interface PeerProbe {
  readonly result: Pick<ProbeResult, 'from' | 'to' | 'answer' | 'detail' | 'captured' | 'notes'>;
  readonly listened: Listened;
  readonly asking: ProbedHost;
  readonly asked: ProbedHost;
}

/** One of both hosts, and its interfaces to the outside. */
export interface ProbedHost {
  readonly host: string;
  readonly wires: readonly string[];
}

/** How far one direction came, by what was seen on interfaces to the outside. */
type SeenAt = (
  packets: readonly CapturedPacket[],
  want: { readonly out: boolean; readonly reply: boolean },
) => CapturedPacket | undefined;

const seenBy =
  ({ wires }: ProbedHost): SeenAt =>
  (packets, { out, reply }) =>
    packets.find((one) => one.out === out && one.reply === reply && wires.includes(one.link));

/**
 * How far a real packet and its answer came, by what was seen on both hosts at once. What was not seen is taken to be lost only where tcpdump
 * watched, named its interfaces, and nobody else asked the same meanwhile: NAT in between may change the source port by which the probe is known.
 */
export function judgePeerProbe(probe: PeerProbe): PeerCause {
  const { result, listened, asking, asked } = probe;
  const who = result.from === HERE ? asking.host : result.from;
  const name = `${who} → ${result.to}`;
  const told = (place: PeerPlace, host: string, check: Check): PeerCause => ({ place, host, check });
  const evidence = evidenceOf(probe);
  if (result.answer === 'unsent')
    return told(
      'asking',
      asking.host,
      unknown('proof-unknown', `${name}: nothing was sent: ${result.detail}`, { about: who }),
    );
  const blind = blindAt(probe);
  const here = result.captured ?? [];
  const there = listened.packets;
  const [atHere, atThere] = [seenBy(asking), seenBy(asked)];
  const left = atHere(here, { out: true, reply: false });
  const came = atThere(there, { out: false, reply: false });
  const sentBack = atThere(there, { out: true, reply: true });
  const cameBack = atHere(here, { out: false, reply: true });
  if (result.answer === 'answered') {
    if (blind !== undefined || came !== undefined)
      return told(
        'asked',
        asked.host,
        ok(
          'proof-passed',
          `${name}: answered${came === undefined ? '' : `, and seen to come into ${asked.host} by ${came.link}`}`,
          {
            about: result.to,
            evidence,
            ...(blind !== undefined && { meaning: `who answered was not seen: ${blind.why}` }),
          },
        ),
      );
    return told(
      'between',
      asked.host,
      unknown('proof-differs', `${name}: answered, and no packet of it was seen on ${asked.host}`, {
        about: result.to,
        meaning:
          'somebody else has that address or answers for it, or translates the port by which the probe is known',
        evidence,
        remedies: [advise(`see who answers: ip neigh, and the NAT of whoever is between`)],
      }),
    );
  }
  if (blind !== undefined)
    return told(
      blind.place,
      blind.host,
      unknown(
        'proof-unknown',
        `${name}: ${ANSWERS[result.answer]}, and where it stopped was not seen: ${blind.why}`,
        {
          about: result.to,
          evidence,
          remedies: [advise(sightWords(blind, result.to))],
        },
      ),
    );
  if (left === undefined)
    return told(
      'asking',
      asking.host,
      unknown('proof-stopped', `${name}: ${ANSWERS[result.answer]}, and not seen leaving ${asking.host}`, {
        about: who,
        meaning: `it was stopped on ${asking.host}, or left from another port than the one it is known by`,
        evidence,
      }),
    );
  const crossed = `left ${asking.host} by ${left.link} as ${left.source}`;
  if (came === undefined) {
    if (listened.others > 0)
      return told(
        'between',
        asking.host,
        unknown('proof-unknown', `${name}: ${crossed}, and is not known again on ${asked.host}`, {
          about: result.to,
          meaning: `others asked ${result.to} meanwhile (${String(listened.others)} packets): the probe may be among them, if somebody between changes source ports`,
          evidence,
          remedies: [advise('ask again when nobody else asks that port')],
        }),
      );
    return told(
      'between',
      asking.host,
      fail('proof-lost', `${name}: lost on the wire: it ${crossed}, and nothing came into ${asked.host}`, {
        about: result.to,
        meaning: `somebody between the hosts ${result.answer === 'silent' ? 'drops it or sends it elsewhere' : 'refuses it'}: neither host's rules do`,
        evidence,
        remedies: [
          advise(`have whoever runs what is between look for packets from ${left.source} to ${result.to}`),
        ],
      }),
    );
  }
  const on = passedOn(there);
  if (sentBack === undefined && result.answer === 'silent' && result.to.endsWith('/udp'))
    return told(
      'asked',
      asked.host,
      on === ''
        ? unknown(
            'proof-unknown',
            `${name}: came into ${asked.host} by ${came.link}, and whether anybody took it is not seen`,
            { about: result.to, evidence },
          )
        : warn('proof-passed', `${name}: came into ${asked.host} by ${came.link}${on}`, {
            about: result.to,
            meaning: 'a datagram need not be answered: of the way back this says nothing',
            evidence,
          }),
    );
  if (sentBack === undefined)
    return told(
      'asked',
      asked.host,
      fail('proof-stopped', `${name}: came into ${asked.host} by ${came.link}, and no answer left it`, {
        about: result.to,
        meaning: there.some(({ reply }) => reply)
          ? `its answer was stopped on ${asked.host}`
          : `it was stopped on ${asked.host}, or nobody answered there${on}`,
        evidence,
        remedies: [advise(`on ${asked.host}: rulesguard doctor ${result.to} --probe`)],
      }),
    );
  if (result.answer === 'refused' && cameBack !== undefined)
    return told(
      'asked',
      asked.host,
      fail('proof-stopped', `${name}: refused by ${asked.host}`, {
        about: result.to,
        meaning: 'it arrived: nothing listens on that port there, or a rule rejects it',
        evidence,
        remedies: [advise(`on ${asked.host}: rulesguard doctor ${result.to} --probe`)],
      }),
    );
  if (cameBack === undefined)
    return told(
      'between',
      asked.host,
      fail(
        'proof-lost',
        `${name}: its answer is lost on the wire: it left ${asked.host} by ${sentBack.link}, and did not come back to ${asking.host}`,
        {
          about: result.to,
          meaning: `the question came as ${came.source}: somebody between drops what goes back there, or does not lead it to ${asking.host}`,
          evidence,
          remedies: [advise(`have whoever runs what is between lead ${came.source} back to ${asking.host}`)],
        },
      ),
    );
  return told(
    'asking',
    asking.host,
    fail(
      'proof-stopped',
      `${name}: its answer came back into ${asking.host} by ${cameBack.link}, and was stopped there`,
      {
        about: who,
        evidence,
        remedies: [
          advise(
            `on ${asking.host}: rulesguard doctor ${result.from === HERE ? '' : `${result.from} `}--probe`,
          ),
        ],
      },
    ),
  );
}

/** What lets the host be watched. */
const sightWords = ({ host, why }: { readonly host: string; readonly why: string }, to: string): string =>
  /tcpdump (?:is not installed|is too old)/.test(why)
    ? `install tcpdump on ${host}, then ask again with --probe`
    : `see what keeps it from watching on ${host}: sudo -n rulesguard doctor --listen 61000 ${to}`;

const ANSWERS = { refused: 'refused', silent: 'not answered', unreachable: 'called unreachable' } as const;

/** What keeps from being seen where a probe stopped. */
function blindAt({
  result,
  listened,
  asking,
  asked,
}: PeerProbe): { readonly place: PeerPlace; readonly host: string; readonly why: string } | undefined {
  const here = result.captured;
  if (here === undefined)
    return { place: 'asking', host: asking.host, why: result.notes[0] ?? 'nothing watched here' };
  if (listened.unavailable !== '') return { place: 'asked', host: asked.host, why: listened.unavailable };
  const isNameless = (packets: readonly CapturedPacket[]): boolean => packets.some(({ link }) => link === '');
  const why = 'its tcpdump is too old to name interfaces';
  if (isNameless(here)) return { place: 'asking', host: asking.host, why };
  return isNameless(listened.packets) ? { place: 'asked', host: asked.host, why } : undefined;
}

const evidenceOf = ({ result: { captured = [] }, listened, asking, asked }: PeerProbe): readonly string[] => [
  ...linesOf(asking.host, captured),
  ...linesOf(asked.host, listened.packets),
];
