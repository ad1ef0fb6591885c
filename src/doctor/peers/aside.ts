import type { NetworkPlace } from '../../docker/inventory/container-answer.ts';
import type { LiveNetwork } from '../../docker/inventory/inventory.ts';
import { checksOf } from '../checks/check.ts';
import type { Check } from '../diagnosis.ts';
import type { ContainerFacts, Facts } from '../facts/facts.ts';
import { isRunning, membersOf } from '../lookup.ts';

/** A running container's place on a network without a bridge: macvlan, ipvlan, overlay. Packets are not followed there. */
interface PlaceAside {
  readonly attached: NetworkPlace;
  readonly network: LiveNetwork;
}

/** The network of a container that shares its host's, and of one that has none. */
const NO_NETWORK: ReadonlySet<string> = new Set(['host', 'null']);

/** All such places of a container. */
export const placesAside = (
  container: ContainerFacts,
  { networks }: Pick<Facts, 'networks'>,
): readonly PlaceAside[] =>
  isRunning(container)
    ? container.attachments.flatMap((attached) => {
        const network = networks.find(({ id }) => id === attached.networkId);
        return network === undefined || network.bridge !== '' || NO_NETWORK.has(network.driver)
          ? []
          : [{ attached, network }];
      })
    : [];

/** The containers that are on such networks alone, each with the first of its places. */
export function containersAside(
  facts: Pick<Facts, 'networks' | 'containers'>,
): readonly (PlaceAside & { readonly container: ContainerFacts })[] {
  const followed = new Set(membersOf(facts).map(({ container }) => container.id));
  return facts.containers.flatMap((container) => {
    const [place] = followed.has(container.id) ? [] : placesAside(container, facts);
    return place === undefined ? [] : [{ container, ...place }];
  });
}

/** What is said of a container whose packets are not followed. */
export const asideCheck = ({ name }: Pick<ContainerFacts, 'name'>, { network }: PlaceAside): Check =>
  checksOf('wire').unknown(
    'path-unknown',
    network.driver === 'overlay'
      ? `${name} is on overlay network ${network.name} alone: what it asks elsewhere is not followed between hosts`
      : `${name} is on ${network.driver} network ${network.name}, which is not followed between hosts`,
    { about: name, always: true },
  );

/** Why it is not known which containers and networks a host has. */
export const unlistedWords = ({ engine }: Pick<Facts, 'engine'>): string =>
  engine.answered ? 'the Engine did not list its containers' : 'the Engine did not answer';
