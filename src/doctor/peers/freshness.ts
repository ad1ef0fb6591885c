import { checksOf, listNames } from '../checks/check.ts';
import type { Check } from '../diagnosis.ts';
import { factsCommand } from '../recorded/facts-command.ts';
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

/**
 * What is to be known of the facts of hosts: how old they are, and by which versions they were written.
 *
 * @param namedOn - what is asked about on a host, to be read in depth there again
 */
export function judgePeerFacts(
  peers: readonly PeerHost[],
  namedOn: (peer: PeerHost) => string = () => '',
): readonly Check[] {
  const old = peers.flatMap((peer) => {
    const {
      about: { host },
      age: seconds,
    } = peer;
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
            remedies: [advise(`on ${host}: ${factsCommand(namedOn(peer))}`)],
          }),
        ];
  });
  return [...old, ...differingVersions(peers)];
}

/** Facts of another version than those of the first host. */
function differingVersions([first, ...others]: readonly PeerHost[]): readonly Check[] {
  if (first === undefined) return [];
  const { host, program } = first.about;
  const versions = [...new Set(others.map(({ about }) => about.program))].filter((one) => one !== program);
  return versions.map((version) => {
    const hosts = listNames(others.flatMap(({ about }) => (about.program === version ? [about.host] : [])));
    return warn(
      'facts-version',
      `facts of ${host} are of rulesguard ${program}, those of ${hosts} of ${version}`,
      {
        about: hosts,
        meaning: 'an older version may not have read all that is judged here',
        remedies: [advise('install one version on all hosts')],
      },
    );
  });
}
