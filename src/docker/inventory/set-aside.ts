import { blockOf, overlap } from '../../net/address.ts';
import { writesNftables } from '../firewall-backend.ts';
import { endpointFlaw, isAddress, isSubnet, linkFlaw, networkFlaw, portFlaw } from './flaw.ts';
import type { Endpoint, Inventory, LiveNetwork, SetAside } from './inventory.ts';

/**
 * Sets aside what must not become part of a rule: a network with a value that neither Docker nor its firewall program can have taken, or
 * that is not understood here, and a container with one. All else is judged as ever; of what is set aside nothing is required, restored
 * or removed, and who reaches it is unknown.
 */
export function setUnsoundAside(inventory: Inventory): Inventory {
  const networks = unsoundNetworks(inventory);
  const bridges = new Set(networks.flatMap((one) => one.bridges));
  const isOff = (endpoint: Endpoint | undefined): boolean =>
    endpoint !== undefined && bridges.has(endpoint.bridge);
  const left: Inventory = {
    ...inventory,
    networks: inventory.networks.filter(({ bridge }) => bridge === '' || !bridges.has(bridge)),
    endpoints: inventory.endpoints.filter((endpoint) => !isOff(endpoint)),
    ports: inventory.ports.filter(({ endpoint, proxied }) => !isOff(endpoint) && !isOff(proxied)),
    links: inventory.links.filter(({ bridge }) => !bridges.has(bridge)),
    portsUnknown: inventory.portsUnknown.filter((endpoint) => !isOff(endpoint)),
  };
  const containers = unsoundContainers(left);
  if (networks.length + containers.size === 0) return inventory;
  const stays = ({ container }: { readonly container: string }): boolean => !containers.has(container);
  return {
    ...left,
    endpoints: left.endpoints.filter(stays),
    ports: left.ports.filter(stays),
    links: left.links.filter(({ parent, child }) => stays(parent) && stays(child)),
    portsUnknown: left.portsUnknown.filter(stays),
    unconnected: left.unconnected.filter(stays),
    setAside: [...networks, ...containers.values()],
  };
}

const shown = (name: string): string => name.slice(0, 60);

function unsoundNetworks(inventory: Inventory): readonly SetAside[] {
  const bridges = inventory.networks.filter(({ driver }) => driver === 'bridge');
  const times = new Map<string, number>();
  for (const { bridge } of bridges) times.set(bridge, (times.get(bridge) ?? 0) + 1);
  const byNftables = writesNftables(inventory);
  return bridges.flatMap((network): readonly SetAside[] => {
    const why =
      (times.get(network.bridge) ?? 0) > 1
        ? 'two networks are on its bridge'
        : networkFlaw(network, { byNftables });
    return why === undefined ? [] : [networkAside(network, why, inventory.endpoints)];
  });
}

const addressesOf = ({ ipv4, ipv6 }: Endpoint): readonly string[] =>
  [isAddress(ipv4, 'ipv4') ? ipv4 : '', isAddress(ipv6, 'ipv6') ? ipv6 : ''].filter((text) => text !== '');

const networkAside = (
  { name, bridge, subnets }: LiveNetwork,
  why: string,
  endpoints: readonly Endpoint[],
): SetAside => ({
  what: `network ${shown(name)}`,
  why,
  bridges: [bridge],
  addresses: [
    ...subnets.filter(isSubnet),
    ...endpoints.filter((one) => one.bridge === bridge).flatMap(addressesOf),
  ],
});

/** By the container's name. */
function unsoundContainers(inventory: Inventory): ReadonlyMap<string, SetAside> {
  const found = new Map<string, SetAside>();
  const byBridge = new Map(inventory.networks.map((network) => [network.bridge, network]));
  const judge = (container: string, why: string | undefined): void => {
    if (why === undefined || found.has(container)) return;
    const own = inventory.endpoints.filter((endpoint) => endpoint.container === container);
    found.set(container, {
      what: `container ${shown(container)}`,
      why,
      bridges: [],
      addresses: own.flatMap(addressesOf),
    });
  };
  for (const endpoint of inventory.endpoints)
    judge(endpoint.container, endpointFlaw(endpoint, byBridge.get(endpoint.bridge)));
  for (const port of inventory.ports) judge(port.container, portFlaw(port));
  for (const link of inventory.links) judge(link.child.container, linkFlaw(link));
  return found;
}

/** What a rule is about, as its text shows it. */
interface RuleSubjects {
  readonly bridge?: string | undefined;
  readonly ip?: string | undefined;
  readonly subnet?: string | undefined;
  readonly source?: string | undefined;
  readonly parent?: string | undefined;
}

/** Whether a rule is about something that was set aside: then it is neither required nor surplus. */
export function isAboutSetAside(
  { setAside = [] }: Pick<Inventory, 'setAside'>,
  { bridge, ip, subnet, source, parent }: RuleSubjects,
): boolean {
  if (setAside.length === 0) return false;
  const blocks = [ip, subnet, source, parent].flatMap((text) => blockOf(text ?? '') ?? []);
  return setAside.some(
    ({ bridges, addresses }) =>
      (bridge !== undefined && bridges.includes(bridge)) ||
      addresses.some((address) => {
        const off = blockOf(address);
        return off !== undefined && blocks.some((block) => block.length >= off.length && overlap(off, block));
      }),
  );
}

/** The bridges of all networks, those that were set aside among them. */
export const bridgesIn = ({
  networks,
  setAside = [],
}: Pick<Inventory, 'networks' | 'setAside'>): ReadonlySet<string> =>
  new Set(
    [...networks.map(({ bridge }) => bridge), ...setAside.flatMap(({ bridges }) => bridges)].filter(
      (bridge) => bridge !== '',
    ),
  );
