import { hasHostAddress } from '../docker/intent/network.ts';
import type { NetworkPlace } from '../docker/inventory/container-answer.ts';
import type { LiveNetwork } from '../docker/inventory/inventory.ts';
import { bridgesIn } from '../docker/inventory/set-aside.ts';
import type { Family } from '../net/family.ts';
import { memory } from '../trace/memory.ts';
import type { NetworkLink, NetworkState } from '../trace/network-state.ts';
import { isUnavailable, type ContainerFacts, type Facts, type Inside } from './facts/facts.ts';

/** A running container on a bridge network. */
export interface Member {
  readonly container: ContainerFacts;
  readonly attached: NetworkPlace;
  readonly network: LiveNetwork;
}

/** Whether a container holds a network namespace: it runs, or is paused. */
export const isRunning = ({ state }: Pick<ContainerFacts, 'state'>): boolean =>
  state === 'running' || state === 'paused';

/** What could be seen of a container's own network namespace. */
export function insideOf({ inside }: ContainerFacts): Inside | undefined {
  return inside === undefined || isUnavailable(inside) ? undefined : inside;
}

/** Networks that have a bridge on this host. */
export const bridgeNetworks = ({ networks }: Pick<Facts, 'networks'>): readonly LiveNetwork[] =>
  networks.filter(({ bridge }) => bridge !== '');

/** Whether a network has no address of the host on its bridge, by design. */
export const isBare = (network: LiveNetwork, family: Family): boolean => !hasHostAddress(network, family);

/** Every place of a running container on a bridge network. */
export const membersOf = (facts: Pick<Facts, 'networks' | 'containers'>): readonly Member[] =>
  members(facts, '', () => findMembers(facts));

const members = memory<readonly Member[]>();

function findMembers({ networks, containers }: Pick<Facts, 'networks' | 'containers'>): readonly Member[] {
  const byId = new Map(networks.map((network) => [network.id, network]));
  return containers.filter(isRunning).flatMap((container) =>
    container.attachments.flatMap((attached) => {
      const network = byId.get(attached.networkId);
      const isPlaced = attached.ipv4 !== '' || attached.ipv6 !== '';
      return network === undefined || network.bridge === '' || !isPlaced
        ? []
        : [{ container, attached, network }];
    }),
  );
}

export { isOwnAddress } from '../reach/goal.ts';
export { linkOf } from '../trace/routing/local.ts';

/** The address of a place in one family; '' for none. */
export const addressOf = ({ ipv4, ipv6 }: NetworkPlace, family: Family): string =>
  family === 'ipv4' ? ipv4 : ipv6;

/** The gateway the Engine gave a place in one family; '' for none. */
export const gatewayOf = ({ gateway, gateway6 }: NetworkPlace, family: Family): string =>
  family === 'ipv4' ? gateway : gateway6;

/** The interface inside that carries a place on a network: by its address, else by its hardware address. */
export function insideLinkOf({ links }: Inside, { ipv4, ipv6, mac }: NetworkPlace): NetworkLink | undefined {
  const hasAddress = (address: string) => (link: NetworkLink) =>
    address !== '' && link.addresses.some((one) => one.address === address);
  return (
    links.find(hasAddress(ipv4)) ??
    links.find(hasAddress(ipv6)) ??
    links.find((link) => mac !== '' && link.mac === mac)
  );
}

/** As {@link insideLinkOf}, of a member whose namespace could be seen. */
export function linkInside({ container, attached }: Member): NetworkLink | undefined {
  const inside = insideOf(container);
  return inside && insideLinkOf(inside, attached);
}

/** The host's end of a container's interface. */
export const hostEndOf = ({ links }: NetworkState, inside: NetworkLink): NetworkLink | undefined =>
  links.find(({ index, kind }) => kind === 'veth' && index === inside.peerIndex);

/** The host's end of the interface that carries a place on a network. */
export function vethOf(member: Member, { netState }: Pick<Facts, 'netState'>): NetworkLink | undefined {
  const link = linkInside(member);
  return link && hostEndOf(netState, link);
}

/** `sysctl` value below /proc/sys/net. */
export const sysctl = ({ sysctls }: Pick<NetworkState, 'sysctls'>, path: string): string | undefined =>
  sysctls.get(path);

/** Its name for `sysctl -w`; interface names may hold dots, which sysctl takes as slashes. */
export const sysctlName = (path: string): string =>
  path.includes('.') ? `net/${path}` : `net.${path.replaceAll('/', '.')}`;

/** Interfaces the outside is reached by: those of default routes; without any, every other one that is up and not Docker's. */
export function uplinksOf(facts: Pick<Facts, 'netState' | 'networks' | 'setAside'>): readonly NetworkLink[] {
  const { netState } = facts;
  const bridges = bridgesIn(facts);
  const leads = new Set(
    netState.routes.flatMap(({ to, dev, type }) =>
      /\/0$/.test(to) && type === 'unicast' && dev !== '' && !bridges.has(dev) ? [dev] : [],
    ),
  );
  const isOther = ({ name, up, carrier, master, addresses }: NetworkLink): boolean =>
    name !== 'lo' &&
    up &&
    carrier &&
    master === '' &&
    !bridges.has(name) &&
    addresses.some(({ scope }) => scope === 'global');
  const named = netState.links.filter(({ name }) => leads.has(name));
  return named.length > 0 ? named : netState.links.filter(isOther);
}
