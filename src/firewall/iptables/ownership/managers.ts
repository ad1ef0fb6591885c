import type { Rule, Table } from '../text/model.ts';

/** Chains by whose names a firewall manager, or another program that keeps rules of its own, is recognised. */
const BY_CHAIN: readonly (readonly [string, RegExp])[] = [
  ['ufw', /^ufw6?-/],
  ['fail2ban', /^(?:f2b|fail2ban)-/],
  ['CrowdSec', /^CROWDSEC/],
  ['libvirt', /^LIBVIRT_/],
  ['podman', /^(?:NETAVARK|CNI)[-_]/],
  ['Kubernetes', /^(?:KUBE-|CILIUM_|FLANNEL-|cali-)/],
  ['tailscale', /^ts-/],
  ['netbird', /^NETBIRD-/],
  ['mailcow', /^MAILCOW$/],
  ['sshguard', /^sshguard/],
  ['NixOS', /^nixos-/],
];

/** Chains of common names: they count only in a table that holds one which only this manager makes. */
const BY_COMPANY: readonly (readonly [string, string, RegExp])[] = [
  [
    'firewalld',
    'FORWARD_direct',
    /^(?:(?:INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING)_|(?:IN|FWD[IO]?|PRE|POST|RUN)_)/,
  ],
  ['firewalld', 'PREROUTING_direct', /^(?:(?:PREROUTING|POSTROUTING|OUTPUT)_|(?:PRE|POST)_)/],
  [
    'csf',
    'LOCALINPUT',
    /^(?:LOCAL(?:IN|OUT)PUT|G?(?:DENY|ALLOW)(?:DYN)?(?:IN|OUT)|INV(?:ALID|DROP)|LOGDROP(?:IN|OUT)|SYNFLOOD|PORTFLOOD|UDPFLOOD|CONNLIMIT|BLOCKDROP|CC_\w+|SMTPOUTPUT)$/,
  ],
  ['shorewall', 'shorewall', /^(?!DOCKER|INPUT$|FORWARD$|OUTPUT$)/],
];

/** What such programs write into chains of others. */
const BY_TEXT: readonly (readonly [string, RegExp])[] = [
  ['LXD', /--comment "generated for (?:LXD|Incus) network/],
  ['wg-quick', /--comment "wg-quick\(8\) rule for /],
  ['CrowdSec', /--match-set crowdsec/],
  ['Kubernetes', /--comment "?(?:cali:|flanneld |kubernetes )/],
];

/** nftables' own tables of such programs, as `FAMILY NAME`. */
const BY_NATIVE: readonly (readonly [string, RegExp])[] = [
  ['firewalld', /^\w+ firewalld/],
  ['LXD', /^\w+ (?:lxd|incus)$/],
  ['fail2ban', /^\w+ f2b-/],
  ['CrowdSec', /^\w+ crowdsec/],
  ['libvirt', /^\w+ libvirt_network$/],
  ['podman', /^\w+ netavark$/],
  ['Kubernetes', /^\w+ (?:kube-proxy|kube-router|calico|cali-)/],
  ['wg-quick', /^\w+ wg-quick-/],
  ['netbird', /^\w+ netbird/],
  ['tailscale', /^\w+ tailscale/],
  ['sshguard', /^\w+ sshguard$/],
  ['fw4', /^inet fw4$/],
  ['NixOS', /^\w+ nixos-/],
];

const named = (list: readonly (readonly [string, RegExp])[], text: string): string | undefined =>
  list.find(([, pattern]) => pattern.test(text))?.[0];

/**
 * The program that keeps a rule, recognised by the chain it is in or by how the program writes; undefined where none is.
 *
 * @param table - the table that holds the chain
 */
export function managerOf(
  { chain, text }: Pick<Rule, 'chain' | 'text'>,
  table: Table | undefined,
): string | undefined {
  return (
    named(BY_CHAIN, chain) ??
    BY_COMPANY.find(([, sign, pattern]) => table?.chains.has(sign) === true && pattern.test(chain))?.[0] ??
    named(BY_TEXT, text)
  );
}

/**
 * The program that keeps one of nftables' own tables, or chains of its own in another's; undefined where none is known.
 *
 * @param table - as `FAMILY NAME`
 */
export const managerOfNative = (table: string, chain: string): string | undefined =>
  named(BY_NATIVE, table) ?? named(BY_CHAIN, chain);
