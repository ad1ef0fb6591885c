import type { Inventory } from './inventory/inventory.ts';

/**
 * Docker's firewall backend, in the Engine's words: `iptables`, `iptables+firewalld`, `nftables`.
 *
 * Source: `FirewallBackend.Driver` of `GET /info`, from 28.2 on. Engines before that do not say, and have no other than iptables.
 */
export const firewallBackendOf = ({ firewallBackend }: Pick<Inventory, 'firewallBackend'>): string =>
  firewallBackend === '' ? 'iptables' : firewallBackend;

/** Whether Docker's rules are in nftables' own tables, `nftables` and `nftables+firewalld` alike. */
export const writesNftables = (inventory: Pick<Inventory, 'firewallBackend'>): boolean =>
  firewallBackendOf(inventory).startsWith('nftables');

/** The first major version that has the firewall backend nftables. */
const FIRST_WITH_NFTABLES = 29;

/** Whether an Engine may have written with nftables before, though it writes with iptables. */
export const couldWriteNftables = ({ version }: Pick<Inventory, 'version'>): boolean =>
  Number.parseInt(version, 10) >= FIRST_WITH_NFTABLES;
