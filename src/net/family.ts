/** The two families of addresses, IPv4 first wherever both are listed. */
export const FAMILIES = ['ipv4', 'ipv6'] as const;
export type Family = (typeof FAMILIES)[number];

/** A family as nft calls that of a table. */
export const NFT_FAMILY: Readonly<Record<Family, string>> = { ipv4: 'ip', ipv6: 'ip6' };

/** A family as a person calls it. */
export const FAMILY_NAMES: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

/** The family of an address, as text: only IPv6 addresses hold a colon. Not for host names. */
export const familyOf = (address: string): Family => (address.includes(':') ? 'ipv6' : 'ipv4');
