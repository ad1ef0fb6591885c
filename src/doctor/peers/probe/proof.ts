import { checksOf } from '../../checks/check.ts';
import { HERE } from '../../probe/probe-plan.ts';
import { advise } from '../../remedies/proposal.ts';
import type { PeerCause } from '../peer.ts';
import { linesOf } from './packet-words.ts';
import { answered, lostBack, lostThere, refused, told, unanswered, type NamedProbe } from './proof-causes.ts';
import { blindAt, sightingsOf, type PeerProbe } from './seen-probe.ts';

const { fail, unknown } = checksOf('proof');

/**
 * How far a real packet and its answer came, by what was seen on both hosts at once. What was not seen is taken to be lost only where tcpdump
 * watched, named its interfaces, and nobody else asked the same meanwhile: NAT in between may change the source port by which the probe is known.
 */
export function judgePeerProbe(probe: PeerProbe): PeerCause {
  const { result, asking } = probe;
  const who = result.from === HERE ? asking.host : result.from;
  const shown: NamedProbe = { who, name: `${who} → ${result.to}`, evidence: evidenceOf(probe) };
  if (result.answer === 'unsent')
    return told(
      'asking',
      asking.host,
      unknown('proof-unknown', `${shown.name}: nothing was sent: ${result.detail}`, { about: who }),
    );
  const blind = blindAt(probe);
  if (result.answer === 'answered') return answered(probe, shown, blind);
  if (blind !== undefined)
    return told(
      blind.place,
      blind.host,
      unknown(
        'proof-unknown',
        `${shown.name}: ${ANSWERS[result.answer]}, and where it stopped was not seen: ${blind.why}`,
        {
          about: result.to,
          evidence: shown.evidence,
          remedies: [advise(sightWords(blind, result.to))],
        },
      ),
    );
  const { left, came, sentBack, cameBack } = sightingsOf(probe);
  if (left === undefined)
    return told(
      'asking',
      asking.host,
      unknown(
        'proof-stopped',
        `${shown.name}: ${ANSWERS[result.answer]}, and not seen leaving ${asking.host}`,
        {
          about: who,
          meaning: `it was stopped on ${asking.host}, or left from another port than the one it is known by`,
          evidence: shown.evidence,
        },
      ),
    );
  if (came === undefined) return lostThere(probe, shown, left);
  if (sentBack === undefined) return unanswered(probe, shown, came);
  if (result.answer === 'refused' && cameBack !== undefined) return refused(probe, shown);
  if (cameBack === undefined) return lostBack(probe, shown, came, sentBack);
  return told(
    'asking',
    asking.host,
    fail(
      'proof-stopped',
      `${shown.name}: its answer came back into ${asking.host} by ${cameBack.link}, and was stopped there`,
      {
        about: who,
        evidence: shown.evidence,
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

const evidenceOf = ({ result: { captured = [] }, listened, asking, asked }: PeerProbe): readonly string[] => [
  ...linesOf(asking.host, captured),
  ...linesOf(asked.host, listened.packets),
];
