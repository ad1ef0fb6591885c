import { blockOf } from '../../../net/address.ts';
import type { Family } from '../../../net/family.ts';
import { sh } from '../../../shell.ts';
import { inBlock } from '../../../trace/routing/addresses.ts';
import type { Inside } from '../../facts/facts.ts';
import { addressOf, gatewayOf, type Member } from '../../lookup.ts';

/** A command line that works in a container's network namespace. */
export const within = ({ netns }: Inside, command: string): string => `nsenter --net=${netns} ${command}`;

/** The option by which `ip route` is about a family. */
export const flagOf = (family: Family): string => (family === 'ipv4' ? '' : '-6 ');

/** A bridge network's own prefix lengths, where the Engine reports none that holds the address. */
const USUAL = { ipv4: '16', ipv6: '64' } as const;

function lengthOf(address: string, { subnets }: Member['network'], family: Family): string {
  const home = subnets.find((subnet) => inBlock(address, blockOf(subnet)) === true);
  return home?.split('/')[1] ?? USUAL[family];
}

/** Gives a container the address of one family back that the Engine gave it. */
export function giveAddress(
  { attached, network }: Member,
  family: Family,
  inside: Inside,
  dev: string,
): string {
  const address = addressOf(attached, family);
  const length = lengthOf(address, network, family);
  // Nobody else has that address: the Engine gave it. Without nodad it would not serve for a second or two.
  return within(
    inside,
    family === 'ipv4'
      ? sh`ip address add ${address}/${length} brd + dev ${dev}`
      : sh`ip address add ${address}/${length} dev ${dev} nodad`,
  );
}

/** Leads what is not a container's own network's to the gateway the Engine gave it; nothing where it gave none. */
export function giveDefault(
  { attached }: Member,
  family: Family,
  inside: Inside,
  dev: string,
): readonly string[] {
  const gateway = gatewayOf(attached, family);
  return gateway === ''
    ? []
    : [within(inside, `ip ${flagOf(family)}route replace ${sh`default via ${gateway} dev ${dev}`}`)];
}
