import type { Family } from '../iptables/model.ts';
import type { Era } from './era.ts';
import type { Inventory, LiveNetwork } from './inventory.ts';
import { gatewayMode } from './options.ts';
import type { RuleBook } from './rule-book.ts';
import type { Settings } from './settings.ts';

/** What is needed to write one family's rules. */
export interface Writing {
  readonly family: Family;
  readonly era: Era;
  readonly settings: Settings;
  readonly book: RuleBook;
  readonly inventory: Inventory;
}

/** Whether a network has addresses of a family, and therefore rules. */
export const uses = (network: LiveNetwork, family: Family): boolean =>
  family === 'ipv4' ? network.ipv4 : network.ipv6;

/** How the outside reaches a network's containers; Engines before 27 know one way only. */
export function modeOf({ era, family }: Writing, network: LiveNetwork): string {
  return era.gatewayModes ? gatewayMode(network, family) : 'nat';
}

/** With docker-proxy, loopback is left to it (docker-rules §1.1, 6). */
export function writeNatJumps({ book, family, settings }: Writing): void {
  const loopback = family === 'ipv4' ? '127.0.0.0/8' : '::1/128';
  const local = '-m addrtype --dst-type LOCAL -j DOCKER';
  book.append('nat', 'PREROUTING', local);
  book.append('nat', 'OUTPUT', settings.userlandProxy ? `! -d ${loopback} ${local}` : local);
}
