import { hostPort } from '../../net/address.ts';
import type { Check, Remedy } from '../../doctor/diagnosis.ts';
import type { PeerCause, PeerDiagnosis, PeersDiagnosis } from '../../doctor/peers/peer.ts';
import { basisWords, COLOURS, MARKS, VERDICT_WORDS } from '../doctor/words.ts';
import { count, printable, type Paint } from '../text.ts';

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
    ...between
      .filter((check) => check.verdict === 'warn')
      .flatMap((check) => ['', ...noteLines(check, paint)]),
    ...(verbose ? besidesLines(diagnosis, paint) : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** What is between the hosts nobody asked. */
const UNSEEN =
  'Both hosts let it through, there and back. If it does not arrive all the same it is lost between them:\na firewall, a route or NAT of somebody else. See whether it comes in there: tcpdump -ni any host ADDRESS';

const subjectWords = ({ asker, target, asking, asked }: PeersDiagnosis): string =>
  printable(
    `${asker} on ${asking.about.host} → ${hostPort(target.address, target.port)}/${target.proto} on ${asked.about.host}`,
  );

function sumWords({ verdict, causes }: PeersDiagnosis): string {
  const [first] = causes;
  if (verdict === 'ok') return 'no fault found on either host';
  if (verdict === 'unknown')
    return causes.length === 0
      ? 'no fault found, but not all of the way could be followed'
      : `no fault found, but ${count(causes.length, 'thing')} could not be checked`;
  return `${count(causes.length, 'cause')} found, ${causes.length > 1 ? 'the first ' : ''}${first === undefined ? '' : placeWords(first)}`;
}

const placeWords = ({ host, place }: PeerCause): string =>
  place === 'between' ? `between the hosts, at ${printable(host)}` : `on ${printable(host)}`;

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

/** Where the first remedy does not hold the next takes its place, and some begin as an alternative does. */
const remedyWords = ({ what }: Remedy): string => printable(what.replace(/^or /, ''));

const noteLines = ({ verdict, title, meaning, remedies }: Check, paint: Paint): readonly string[] => [
  `${paint(COLOURS[verdict], MARKS[verdict])} ${printable(title)}${meaning === '' ? '' : `: ${printable(meaning)}`}`,
  ...remedies.map((remedy) => `   ${remedyWords(remedy)}`),
];

/** What both hosts show besides, which does not stop these packets. */
function besidesLines({ asking, asked, causes }: PeersDiagnosis, paint: Paint): readonly string[] {
  const told = new Set(causes.map(({ check }) => check));
  return [asking, asked].flatMap(({ about: { host }, diagnosis: { checks } }) => {
    const others = checks.filter((check) => check.verdict !== 'ok' && !told.has(check));
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
