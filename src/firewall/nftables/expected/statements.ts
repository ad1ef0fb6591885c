import { formatBlock, parseBlock } from '../../../net/address.ts';
import type { Family } from '../../../net/family.ts';
import type { NftMatch, NftStatement } from '../tables/model.ts';
import { nftMatch } from '../tables/rule.ts';

export const COUNTER: NftStatement = { is: 'counter' };
export const ACCEPT: NftStatement = { is: 'accept' };
export const DROP: NftStatement = { is: 'drop' };
export const MASQUERADE: NftStatement = { is: 'masquerade' };

/** What nft calls a family, and the first word of a condition on an address. */
const ADDRESSED: Readonly<Record<Family, string>> = { ipv4: 'ip', ipv6: 'ip6' };

/** `ip daddr 172.17.0.2`; a block of one address is that address, as nft lists it. */
export function matchAddress(
  family: Family,
  side: 'saddr' | 'daddr',
  address: string,
  negated = false,
): NftMatch {
  const block = parseBlock(address);
  const text = block === undefined ? address : formatBlock(block).replace(/\/(?:32|128)$/, alone(family));
  return nftMatch(`${ADDRESSED[family]} ${side}`, [text], { negated });
}

const alone =
  (family: Family) =>
  (length: string): string =>
    length === (family === 'ipv4' ? '/32' : '/128') ? '' : length;

/** `tcp dport 80`. */
export const matchPort = (proto: string, side: 'sport' | 'dport', port: number): NftMatch =>
  nftMatch(`${proto} ${side}`, [String(port)]);

export const comesFrom = (...names: readonly string[]): NftMatch => nftMatch('iifname', names);
export const comesPast = (...names: readonly string[]): NftMatch =>
  nftMatch('iifname', names, { negated: true });
export const leavesPast = (name: string): NftMatch => nftMatch('oifname', [name], { negated: true });

/** A source or destination that is this host's. */
export const isLocal = (side: 'saddr' | 'daddr'): NftMatch => nftMatch(`fib ${side} type`, ['local']);

export const ESTABLISHED = nftMatch('ct state', ['established', 'related']);
