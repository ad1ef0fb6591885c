import { bracketed } from '../net/address.ts';
import type { PublishedPort } from '../docker/inventory/inventory.ts';
import type { NetworkLink } from '../trace/network-state.ts';
import type { TreeBridge, TreePort } from './diagnosis.ts';
import type { Facts } from './facts/facts.ts';
import { bridgeNetworks, insideOf, linkInside, linkOf, membersOf, vethOf, type Member } from './lookup.ts';

/** Every bridge of Docker's and what hangs on it: bridge → veth → container → address. */
export function treeOf(facts: Facts): readonly TreeBridge[] {
  const members = membersOf(facts);
  return bridgeNetworks(facts).map((network): TreeBridge => {
    const link = linkOf(facts.netState, network.bridge);
    const hanging = members.filter((member) => member.network.id === network.id);
    const known = new Set(hanging.map((member) => vethOf(member, facts)?.name));
    const orphans = facts.netState.links.filter(
      ({ master, name }) => master === network.bridge && !known.has(name),
    );
    return {
      bridge: network.bridge,
      network: network.name,
      addresses: addressesOf(link),
      state: link === undefined ? 'missing' : link.up ? 'up' : 'down',
      ports: [
        ...hanging.map((member) => portOf(member, facts)),
        ...orphans.map((orphan): TreePort => ({
          veth: orphan.name,
          state: stateOf(orphan, network.bridge),
          container: '',
          inside: '',
          addresses: [],
          published: [],
        })),
      ],
    };
  });
}

function portOf(member: Member, facts: Facts): TreePort {
  const { container, attached, network } = member;
  const inside = insideOf(container);
  const veth = vethOf(member, facts);
  const link = linkInside(member);
  const isLed = ({ container: name, endpoint }: PublishedPort): boolean =>
    name === container.name && endpoint?.bridge === network.bridge;
  return {
    veth: veth?.name ?? '',
    state:
      veth === undefined ? (inside === undefined ? 'not seen' : 'missing') : stateOf(veth, network.bridge),
    container: container.name,
    inside: link?.name ?? '',
    addresses: [attached.ipv4, attached.ipv6].filter((address) => address !== ''),
    published: facts.ports
      .filter(isLed)
      .map(({ hostIp, hostPort, port, proto }) =>
        hostPort === undefined
          ? `${String(port)}/${proto}, routed`
          : `${bracketed(hostIp)}:${String(hostPort)} → ${String(port)}/${proto}`,
      ),
  };
}

function stateOf({ up, master, portState }: NetworkLink, bridge: string): string {
  if (!up) return 'down';
  if (master === '') return 'detached';
  return master === bridge ? portState : `on ${master}`;
}

const addressesOf = (link: NetworkLink | undefined): readonly string[] =>
  (link?.addresses ?? [])
    .filter(({ scope }) => scope === 'global')
    .map(({ address, length }) => `${address}/${String(length)}`);
