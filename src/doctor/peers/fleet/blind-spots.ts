import { listNames } from '../../checks/check.ts';
import { unseenTogether } from '../../facts/unavailable.ts';
import { isListed } from '../../target/listed.ts';
import { containersAside, unlistedWords } from '../aside.ts';
import type { PeerHost } from '../peer.ts';

/** What of a host no way asks about, since it was not read or is not followed: one line each. */
export function blindSpots({ facts }: PeerHost): readonly string[] {
  const { engine, unseen = [], setAside = [] } = facts;
  const aside = containersAside(facts);
  return [
    ...(isListed(facts)
      ? []
      : [
          `who publishes what there is not known: ${unlistedWords(facts)}${engine.answered ? '' : ` (${engine.message})`}`,
        ]),
    ...unseenTogether(unseen).map(
      ({ parts, unavailable }) => `${listNames(parts, 6)} could not be read: ${unavailable}`,
    ),
    ...setAside.map(({ what, why }) => `${what} is not judged: ${why}`),
    ...facts.networks.flatMap(({ id, driver, name }) => {
      const there = aside.filter(({ network }) => network.id === id).map(({ container }) => container.name);
      return there.length === 0
        ? []
        : [`packets of ${listNames(there)} are not followed: on ${driver} network ${name}`];
    }),
  ];
}
