import { checksOf } from '../checks/check.ts';
import type { Check } from '../diagnosis.ts';
import { advise } from '../remedies/proposal.ts';
import type { PeerHost } from './peer.ts';

const { warn } = checksOf('wire');

/** Facts that are older than so many seconds may tell of another state than that in which packets were lost. */
const OLD = 600;
/** Clocks that differ by less are said nothing of. */
const AHEAD = 120;

const UNITS = [
  [86_400, 'days'],
  [3600, 'hours'],
  [60, 'minutes'],
] as const;

const span = (seconds: number): string => {
  const [size, unit] = UNITS.find(([length]) => seconds >= 2 * length) ?? [1, 'seconds'];
  return `${String(Math.floor(seconds / size))} ${unit}`;
};

/** What is to be known of the facts of both hosts: how old they are, and by which version they were written. */
export function judgePeerFacts(asking: PeerHost, asked: PeerHost): readonly Check[] {
  const old = [asking, asked].flatMap(({ about: { host }, age: seconds }) => {
    if (seconds < -AHEAD)
      return [
        warn(
          'facts-old',
          `the clock of ${host} is ${span(-seconds)} ahead of this one, or its facts are not of today`,
          {
            about: host,
          },
        ),
      ];
    return seconds <= OLD
      ? []
      : [
          warn('facts-old', `the facts of ${host} are ${span(seconds)} old`, {
            about: host,
            meaning: 'what changed there since is not in them',
            remedies: [advise(`on ${host}: sudo rulesguard doctor --facts > facts.json`)],
          }),
        ];
  });
  const [a, b] = [asking.about, asked.about];
  return [
    ...old,
    ...(a.program === b.program
      ? []
      : [
          warn(
            'facts-version',
            `facts of ${a.host} are of rulesguard ${a.program}, those of ${b.host} of ${b.program}`,
            {
              about: b.host,
              meaning: 'an older version may not have read all that is judged here',
              remedies: [advise('install one version on both hosts')],
            },
          ),
        ]),
  ];
}
