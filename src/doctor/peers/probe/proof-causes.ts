import { checksOf } from '../../checks/check.ts';
import type { Check } from '../../diagnosis.ts';
import type { CapturedPacket } from '../../probe/result.ts';
import { advise } from '../../remedies/proposal.ts';
import type { PeerCause, PeerPlace } from '../peer.ts';
import { passedOn } from './packet-words.ts';
import { sightingsOf, type blindAt, type PeerProbe, type ProbedHost } from './seen-probe.ts';

const { ok, warn, fail, unknown } = checksOf('proof');

/** How a probe is called, and what was seen of it. */
export interface NamedProbe {
  readonly who: string;
  readonly name: string;
  readonly evidence: readonly string[];
}

/** A cause, where it is told of. */
export const told = (place: PeerPlace, host: string, check: Check): PeerCause => ({ place, host, check });

/** It was answered: by whom that was, as far as it was seen. @param blind - why it could not be seen */
export function answered(
  probe: PeerProbe,
  { name, evidence }: NamedProbe,
  blind: ReturnType<typeof blindAt>,
): PeerCause {
  const { result, asked } = probe;
  const { came } = sightingsOf(probe);
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

/** It left, and was not seen to come in. */
export function lostThere(
  { result, listened, asking, asked }: PeerProbe,
  { name, evidence }: NamedProbe,
  left: CapturedPacket,
): PeerCause {
  const crossed = `left ${asking.host} by ${left.link} as ${left.source}`;
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

/** It came in, and no answer left. */
export function unanswered(
  { result, listened, asked }: PeerProbe,
  { name, evidence }: NamedProbe,
  came: CapturedPacket,
): PeerCause {
  const there = listened.packets;
  const on = passedOn(there);
  const about = result.to;
  const isDatagram = result.answer === 'silent' && result.to.endsWith('/udp');
  if (isDatagram && on === '')
    return told(
      'asked',
      asked.host,
      unknown(
        'proof-unknown',
        `${name}: came into ${asked.host} by ${came.link}, and whether anybody took it is not seen`,
        { about, evidence },
      ),
    );
  if (isDatagram)
    return told(
      'asked',
      asked.host,
      warn('proof-passed', `${name}: came into ${asked.host} by ${came.link}${on}`, {
        about,
        meaning: 'a datagram need not be answered: of the way back this says nothing',
        evidence,
      }),
    );
  return told(
    'asked',
    asked.host,
    fail('proof-stopped', `${name}: came into ${asked.host} by ${came.link}, and no answer left it`, {
      about,
      meaning: there.some(({ reply }) => reply)
        ? `its answer was stopped on ${asked.host}`
        : `it was stopped on ${asked.host}, or nobody answered there${on}`,
      evidence,
      remedies: [probeThere(asked, result.to)],
    }),
  );
}

/** It came in, and was refused. */
export const refused = ({ result, asked }: PeerProbe, { name, evidence }: NamedProbe): PeerCause =>
  told(
    'asked',
    asked.host,
    fail('proof-stopped', `${name}: refused by ${asked.host}`, {
      about: result.to,
      meaning: 'it arrived: nothing listens on that port there, or a rule rejects it',
      evidence,
      remedies: [probeThere(asked, result.to)],
    }),
  );

const probeThere = ({ host }: ProbedHost, to: string) =>
  advise(`on ${host}: rulesguard doctor ${to} --probe`);

/** Its answer left, and was not seen to come back. */
export const lostBack = (
  { result, asking, asked }: PeerProbe,
  { name, evidence }: NamedProbe,
  came: CapturedPacket,
  sentBack: CapturedPacket,
): PeerCause =>
  told(
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
