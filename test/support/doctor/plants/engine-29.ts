/** What a fault breaks on Engine 29 beside what it breaks elsewhere, and what it does not. */
interface Besides {
  readonly more?: readonly string[];
  readonly less?: readonly string[];
}

/**
 * Engine 29 keeps no neighbour's packets from a published port's translation: who asks by the host's address is forwarded, and
 * not served by docker-proxy. And nothing but raw stops who asks by the container's.
 */
const FORWARDED: Besides = { more: ['mate → shop:8081 by host'] };
const NOT_BY_PROXY: Besides = { less: ['mate → shop:8081 by host'] };

/** By the names of plants. */
export const ON_29: Readonly<Record<string, Besides>> = {
  'nat POSTROUTING flushed': FORWARDED,
  'nat POSTROUTING flushed, and a DROP of others above Docker besides': FORWARDED,
  'FORWARD flushed': FORWARDED,
  'ACCEPT of one published port lost': FORWARDED,
  'ACCEPT of answers to one bridge lost': FORWARDED,
  'DROP of all at the top of FORWARD': FORWARDED,
  "ufw's forward deny above Docker's rules": FORWARDED,
  'nftables.conf drops what is forwarded': FORWARDED,
  "policy DROP in a table of nftables' own that lets answers pass": FORWARDED,
  'policy DROP in iptables-legacy beside nft': FORWARDED,
  'DROP rule in iptables-legacy beside nft': FORWARDED,
  'ip_forward off': FORWARDED,
  'forwarding of one bridge off': FORWARDED,
  'DROP of direct access in raw lost': { more: ['mate → shop, another network'] },
  'docker-proxy killed': NOT_BY_PROXY,
  'dockerd stopped': NOT_BY_PROXY,
};
