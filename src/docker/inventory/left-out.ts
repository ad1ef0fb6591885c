import { FAMILIES } from '../../net/family.ts';
import { eraOf } from '../era.ts';
import { listedContainersFrom } from './container-answer.ts';
import { recordOf, textOf, type Answers, type LiveNetwork } from './inventory.ts';
import { networksFrom } from './networks.ts';

/** In all known gateway modes but one every port has a host port, so that every Engine lists it. */
const isTranslated = ({ gatewayMode, flaw }: LiveNetwork): boolean =>
  flaw === undefined && FAMILIES.every((family) => gatewayMode[family] !== 'routed');

/**
 * The running containers whose list of ports may be incomplete: from Engine 29 on `GET /containers/json` leaves out every port
 * without a host port (`invalid host port map` in its log), which in gateway mode `routed` is each. Only
 * `GET /containers/ID/json` has them.
 *
 * @returns ids, those of containers on a network that the Engine listed too late among them
 */
export function leftOutIn({
  version,
  networks,
  containers,
}: Pick<Answers, 'version' | 'networks' | 'containers'>): readonly string[] {
  const era = eraOf(textOf(recordOf(version)['Version']));
  if (era?.reading.listsRoutedPorts === true) return [];
  const translated = new Set(
    networksFrom(networks, era)
      .filter((network) => network.driver !== 'bridge' || isTranslated(network))
      .map(({ id }) => id),
  );
  return listedContainersFrom(containers)
    .filter(({ id, places = [] }) =>
      places.some(({ networkId }) => id !== '' && networkId !== '' && !translated.has(networkId)),
    )
    .map(({ id }) => id);
}
