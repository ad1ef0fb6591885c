import {
  ENCRYPTED_IN,
  ENCRYPTED_OUT,
  ENCRYPTED_VNIS,
  FORWARD,
  FORWARD_IN,
  FORWARD_OUT,
  NAT_IN,
  NAT_OUT,
  NAT_OUTPUT,
  NAT_PREROUTING,
  POSTROUTING,
  RAW_PREROUTING,
  TRANSLATIONS,
  VNI_FIELD,
} from '../tables/names.ts';

/** What a rule in Docker's tables hangs on. */
export type TableLevel = 'daemon' | 'network' | 'endpoint' | 'overlay';

interface TablePurpose {
  readonly level: TableLevel;
  /** The chain it is in, or the beginning of its name, of which the rest is a bridge's. */
  readonly chain: string | { readonly prefix: string };
  /**
   * Its text, with holes: `<bridge>` for its name in quotes, `<bridges>` for it among trusted interfaces, `<hostPort>` and `<port>` for
   * ports of the host and of the container. A hole that stands twice holds the same twice. `[…]` may be left out.
   */
  readonly text: string;
}

const of = (level: TableLevel, chain: TablePurpose['chain'], text: string): TablePurpose => ({
  level,
  chain,
  text,
});

/**
 * What single rules in Docker's tables are for: every rule that an Engine 29 writes is one of these, and every other is somebody's
 * (docs/reference/docker-nftables.md).
 */
export const TABLE_PURPOSES = {
  'forward-in-map': of('daemon', FORWARD, `oifname vmap @${FORWARD_IN.map}`),
  'forward-out-map': of('daemon', FORWARD, `iifname vmap @${FORWARD_OUT.map}`),
  'nat-out-map': of('daemon', POSTROUTING, `iifname vmap @${NAT_OUT.map}`),
  'nat-in-map': of('daemon', POSTROUTING, `oifname vmap @${NAT_IN.map}`),
  'nat-jump': of('daemon', NAT_PREROUTING, `fib daddr type local counter jump ${TRANSLATIONS}`),
  'nat-jump-output': of(
    'daemon',
    NAT_OUTPUT,
    `[ip daddr != 127.0.0.0/8 ][ip6 daddr != ::1 ]fib daddr type local counter jump ${TRANSLATIONS}`,
  ),
  'wsl-return': of('daemon', TRANSLATIONS, 'iifname "loopback0" ip daddr 127.0.0.0/8 counter return'),

  established: of('network', FORWARD_IN, 'ct state established,related counter accept'),
  'established-out': of('network', FORWARD_OUT, 'ct state established,related counter accept'),
  'network-out': of('network', FORWARD_OUT, 'counter accept comment "OUTGOING"'),
  'internal-in': of(
    'network',
    FORWARD_IN,
    'iifname != <bridge> counter drop comment "INTERNAL NETWORK INGRESS"',
  ),
  'internal-out': of(
    'network',
    FORWARD_OUT,
    'oifname != <bridge> counter drop comment "INTERNAL NETWORK EGRESS"',
  ),
  'icc-accept': of('network', FORWARD_IN, '[iifname <bridge> ]counter accept comment "ICC"'),
  'icc-drop': of('network', FORWARD_IN, '[iifname <bridge> ]counter drop comment "ICC"'),
  'mark-accept': of('network', FORWARD_IN, 'meta mark <mark> counter accept comment "ALLOW FW MARK"'),
  'routed-icmp': of('network', FORWARD_IN, 'ip protocol icmp counter accept comment "ICMP"'),
  'routed-icmpv6': of('network', FORWARD_IN, 'meta l4proto ipv6-icmp counter accept comment "ICMP"'),
  'unpublished-drop': of('network', FORWARD_IN, 'counter drop comment "UNPUBLISHED PORT DROP"'),
  'unprotected-accept': of('network', FORWARD_IN, 'counter accept comment "UNPROTECTED"'),
  masquerade: of(
    'network',
    NAT_OUT,
    'oifname != <bridge> ip[6] saddr <subnet> counter masquerade comment "MASQUERADE"',
  ),
  snat: of(
    'network',
    NAT_OUT,
    'oifname != <bridge> ip[6] saddr <subnet> counter snat to <hostIp> comment "SNAT"',
  ),
  'hairpin-local': of(
    'network',
    NAT_IN,
    'fib saddr type local counter masquerade comment "MASQUERADE FROM HOST"',
  ),
  'hairpin-local-snat': of(
    'network',
    NAT_IN,
    'fib saddr type local counter snat to <hostIp> comment "SNAT FROM HOST"',
  ),

  'hairpin-port': of(
    'endpoint',
    NAT_IN,
    'ip[6] saddr <ip> ip[6] daddr <ip> <proto> dport <port> counter masquerade comment "MASQ TO OWN PORT"',
  ),
  dnat: of(
    'endpoint',
    TRANSLATIONS,
    '[iifname != <bridge> ][ip6 saddr != fe80::/10 ][ip[6] daddr <hostIp> ]<proto> dport <hostPort> counter dnat to <target> comment "DNAT"',
  ),
  'port-accept': of('endpoint', FORWARD_IN, 'ip[6] daddr <ip> <proto> dport <port> counter accept'),
  'link-ask': of(
    'endpoint',
    FORWARD_IN,
    'ip saddr <parent> ip daddr <ip> <proto> dport <port> counter accept',
  ),
  'link-answer': of(
    'endpoint',
    FORWARD_IN,
    'ip saddr <ip> <proto> sport <port> ip daddr <parent> counter accept',
  ),
  // As 29.0 orders it (its source).
  'link-answer-first': of(
    'endpoint',
    FORWARD_IN,
    'ip daddr <parent> ip saddr <ip> <proto> sport <port> counter accept',
  ),
  'raw-endpoint': of(
    'endpoint',
    RAW_PREROUTING,
    'ip[6] daddr <ip> iifname != <bridges> counter drop comment "DROP DIRECT ACCESS"',
  ),
  'raw-loopback': of(
    'endpoint',
    RAW_PREROUTING,
    'iifname != "lo" ip daddr <hostIp> <proto> dport <hostPort> counter drop comment "DROP REMOTE LOOPBACK"',
  ),
  'raw-loopback-wsl': of(
    'endpoint',
    RAW_PREROUTING,
    'iifname "loopback0" ip daddr <hostIp> <proto> dport <hostPort> counter accept comment "ACCEPT WSL2 LOOPBACK"',
  ),

  'overlay-mark': of(
    'overlay',
    ENCRYPTED_OUT,
    `udp dport <hostPort> ${VNI_FIELD} @${ENCRYPTED_VNIS} counter meta mark set 0xd0c4e3`,
  ),
  'overlay-drop': of(
    'overlay',
    ENCRYPTED_IN,
    `meta ipsec missing udp dport <hostPort> ${VNI_FIELD} @${ENCRYPTED_VNIS} counter drop`,
  ),
} as const satisfies Readonly<Record<string, TablePurpose>>;

export type TablePurposeId = keyof typeof TABLE_PURPOSES;

export const TABLE_PURPOSE_IDS = Object.keys(TABLE_PURPOSES) as readonly TablePurposeId[];

/** The purposes as a lookup that does not know which texts there are. */
export const purposeOf = (id: TablePurposeId): TablePurpose => TABLE_PURPOSES[id];
