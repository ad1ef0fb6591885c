import { sh } from '../../shell.ts';
import type { LinkAddress, NetworkLink } from '../../trace/network-state.ts';
import type { RemedyStep } from './proposal.ts';

const onLink = (command: string, name: string, fields: Partial<NetworkLink>): RemedyStep => ({
  command,
  change: { of: 'link', name, fields },
});

/** Makes a bridge. */
export const addBridge = (name: string): RemedyStep =>
  onLink(sh`ip link add name ${name} type bridge`, name, { kind: 'bridge' });

/** Sets an interface up. */
export const setUp = (dev: string): RemedyStep =>
  onLink(sh`ip link set dev ${dev} up`, dev, { up: true, portState: 'forwarding' });

/** Makes an interface a port of a bridge. */
export const attach = (dev: string, bridge: string): RemedyStep =>
  onLink(sh`ip link set dev ${dev} master ${bridge}`, dev, { master: bridge, portState: 'forwarding' });

/** As {@link attach} and {@link setUp}, in one command. */
export const attachUp = (dev: string, bridge: string): RemedyStep =>
  onLink(sh`ip link set dev ${dev} master ${bridge} up`, dev, {
    ...{ master: bridge, up: true, portState: 'forwarding' },
  });

/** Lets a bridge forward on one of its ports. */
export const letForward = (dev: string): RemedyStep =>
  onLink(sh`bridge link set dev ${dev} state 3`, dev, { portState: 'forwarding' });

/** Lets a bridge's port reach the isolated ones. */
export const setFree = (dev: string): RemedyStep =>
  onLink(sh`bridge link set dev ${dev} isolated off`, dev, { isolated: false });

/** Sets an interface's MTU. */
export const setMtu = (dev: string, mtu: number): RemedyStep =>
  onLink(sh`ip link set dev ${dev} mtu ${String(mtu)}`, dev, { mtu });

/** Gives an interface an address. */
export const giveAddress = (dev: string, given: Omit<LinkAddress, 'scope'>): RemedyStep => {
  const { family, address, length } = given;
  return {
    command:
      family === 'ipv6'
        ? sh`ip address add ${address}/${String(length)} dev ${dev} nodad`
        : sh`ip address add ${address}/${String(length)} brd + dev ${dev}`,
    change: { of: 'address', dev, address: { ...given, scope: 'global' } },
  };
};
