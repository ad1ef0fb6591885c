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
