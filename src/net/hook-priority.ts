/**
 * When the rules of a table, conntrack and NAT see a packet at a hook: lower comes first (netfilter_ipv4.h, netfilter_ipv6.h;
 * nft(8) knows them by the same names). nftables' own chains may stand at any other number.
 */
export const HOOK_PRIORITY = {
  raw: -300,
  conntrack: -200,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
} as const;

/** iptables-nft hooks `security` in here, and not where legacy and nftables do (measured). */
export const NFT_SECURITY_PRIORITY = 150;
