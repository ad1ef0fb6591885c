import type { Check } from '../../doctor/diagnosis.ts';
import type { PeerCause, PeerDiagnosis, PeersDiagnosis } from '../../doctor/peers/peer.ts';
import { basisWords, COLOURS, MARKS, VERDICT_WORDS } from '../doctor/words.ts';
import { printable, type Paint } from '../text.ts';
import { besidesOf, isNote, placeWords, remedyWords, subjectWords, sumWords, UNSEEN } from './words.ts';

/** Evidence that is shown of one cause. */
const MOST_EVIDENCE = 4;

/**
 * A diagnosis of two hosts for people: the verdict first, then each cause with the host it is on and what to type there, then the way, part by
 * part.
 *
 * @param options - `verbose`: also what else both hosts show
 */
export function peersText(
  diagnosis: PeersDiagnosis,
  paint: Paint,
  { verbose }: { readonly verbose: boolean },
): string {
  const { verdict, causes, legs, between } = diagnosis;
  const word = paint(COLOURS[verdict], paint('bold', VERDICT_WORDS[verdict]));
  const lines = [
    `${word}  ${subjectWords(diagnosis)}: ${sumWords(diagnosis)}`,
    paint('dim', `  ${hostWords(diagnosis.asking)}; ${hostWords(diagnosis.asked)}`),
    ...causes.flatMap((cause, at) => [
      '',
      ...causeLines(cause, causes.length > 1 ? at + 1 : undefined, paint),
    ]),
    ...(legs.length === 0 ? [] : ['', 'the way']),
    ...legs.map(({ verdict: one, what }) => `  ${paint(COLOURS[one], MARKS[one])} ${printable(what)}`),
    ...(verdict === 'ok' ? ['', UNSEEN] : []),
    ...between.filter(isNote).flatMap((check) => ['', ...noteLines(check, paint)]),
    ...(verbose ? besidesLines(diagnosis, paint) : []),
  ];
  return `${lines.join('\n')}\n`;
}

const hostWords = ({ about: { host }, diagnosis }: PeerDiagnosis): string =>
  `${printable(host)}: ${basisWords(diagnosis)}`;

function causeLines(cause: PeerCause, number: number | undefined, paint: Paint): readonly string[] {
  const { check, host } = cause;
  const [remedy, ...others] = check.remedies;
  const more = check.evidence.length - MOST_EVIDENCE;
  const type = remedy === undefined || remedy.commands.length === 0 ? '' : `, on ${printable(host)}:`;
  return [
    paint(
      'bold',
      `${number === undefined ? '' : `${String(number)}. `}${placeWords(cause)}: ${printable(check.title)}`,
    ),
    ...(check.meaning === '' ? [] : [`   ${printable(check.meaning)}`]),
    ...check.evidence.slice(0, MOST_EVIDENCE).map((line) => paint('dim', `     ${printable(line)}`)),
    ...(more > 0 ? [paint('dim', `     … and ${String(more)} more`)] : []),
    ...(remedy === undefined ? [] : [`   ${remedyWords(remedy)}${type}`]),
    ...(remedy?.commands ?? []).map((command) => paint('bold', `     ${printable(command)}`)),
    ...others.flatMap((other) => [
      `   or: ${remedyWords(other)}`,
      ...other.commands.map((command) => `     ${printable(command)}`),
    ]),
  ];
}

const noteLines = ({ verdict, title, meaning, remedies }: Check, paint: Paint): readonly string[] => [
  `${paint(COLOURS[verdict], MARKS[verdict])} ${printable(title)}${meaning === '' ? '' : `: ${printable(meaning)}`}`,
  ...remedies.map((remedy) => `   ${remedyWords(remedy)}`),
];

/** What both hosts show besides, which does not stop these packets. */
function besidesLines(diagnosis: PeersDiagnosis, paint: Paint): readonly string[] {
  return [diagnosis.asking, diagnosis.asked].flatMap((peer) => {
    const { host } = peer.about;
    const others = besidesOf(peer, diagnosis);
    return others.length === 0
      ? []
      : [
          '',
          `besides on ${printable(host)}`,
          ...others.map(
            ({ verdict, title }) => `  ${paint(COLOURS[verdict], MARKS[verdict])} ${printable(title)}`,
          ),
        ];
  });
}
