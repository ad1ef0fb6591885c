import type { Family } from '../../../net/family.ts';
import type { Variant } from './model.ts';

/** The program for the rules of one family, of whichever variant this host has made its default. */
export const iptablesOf = (family: Family): 'iptables' | 'ip6tables' =>
  family === 'ipv4' ? 'iptables' : 'ip6tables';

/** The program for the rules of one family and variant, e.g. `ip6tables-nft`. */
export const iptablesIn = (family: Family, variant: Variant): string => `${iptablesOf(family)}-${variant}`;

/** The name of a tool of one family and variant, e.g. `ip6tables-nft-restore`. */
export const toolName = (family: Family, variant: Variant, verb: 'save' | 'restore'): string =>
  `${iptablesIn(family, variant)}-${verb}`;
