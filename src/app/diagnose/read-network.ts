import { isUnavailable } from '../../doctor/facts/facts.ts';
import type { HostNetwork } from '../../doctor/facts/network-state.ts';
import { orUnavailable } from '../../doctor/facts/unavailable.ts';
import { FAMILIES } from '../../net/family.ts';
import type { NetworkReader } from './ports.ts';

/** Reads interfaces, routes, the kernel's settings, sets and nftables' own tables, side by side. */
export async function readNetwork(host: NetworkReader): Promise<HostNetwork> {
  const [sets, network] = await Promise.all([readAllSets(host), readBesideSets(host)]);
  return { sets, ...network };
}

/** What `ipset save` prints, or why it cannot be read. */
export const readAllSets = ({ readSets }: Pick<NetworkReader, 'readSets'>): Promise<HostNetwork['sets']> =>
  orUnavailable(readSets().then((saved) => ({ saved })));

/** As {@link readNetwork}, without sets. */
export async function readBesideSets(
  host: Omit<NetworkReader, 'readSets'>,
): Promise<Omit<HostNetwork, 'sets'>> {
  const [natives, links, ...routing] = await Promise.all([
    orUnavailable(host.readNatives().then((tables) => ({ tables }))),
    orUnavailable(host.readLinks()),
    ...FAMILIES.map((family) => orUnavailable(host.readRouting(family))),
  ]);
  const ports = isUnavailable(links) ? [] : links.filter(({ master }) => master !== '');
  const sysctls = host.readSysctls(new Set(ports.map(({ name }) => name)));
  return { natives, links, routing, sysctls, distribution: host.distribution?.() };
}
