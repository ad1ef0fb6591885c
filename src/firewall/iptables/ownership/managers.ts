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

/** Firewalls, and chains one of which each makes in every filter table of its own: whoever only names a chain like theirs has none. */
const FIREWALLS: Readonly<Record<string, RegExp>> = {
  ...{ ufw: /^ufw6?-before-forward$/, firewalld: /^(?:FORWARD|PREROUTING)_direct$/, csf: /^LOCALINPUT$/ },
  ...{ shorewall: /^shorewall$/, NixOS: /^nixos-fw/ },
};

/** Their tables of nftables' own, as each names them. */
const FIREWALL_TABLES = /^(?:(?:inet|ip6?) firewalld|inet (?:fw4|nixos-fw))$/;

/** Ends of their forward chains, by table: what comes there stands in no zone. Rules without a condition, or a policy (''). */
const ZONELESS: readonly (readonly [table: RegExp, chain: RegExp, rule: RegExp])[] = [
  [
    /^(?:inet|ip6?) firewalld$/,
    /^filter_FORWARD$/,
    /^(?:counter (?:packets \d+ bytes \d+ )?)?(?:reject|drop)\b/,
  ],
  [/^inet fw4$/, /^handle_reject$/, /^/],
  [/^inet fw4$/, /^forward$/, /^$/],
];

/**
 * Whether a firewall of zones refuses something because it is in none of them: of Docker's bridges nobody has told it, and nobody meant
 * them by that.
 *
 * @param table - one of nftables' own, as `FAMILY NAME`
 * @param text - the rule that refuses; '' for the chain's policy
 */
export const isZoneless = (table: string, chain: string, text: string): boolean =>
  ZONELESS.some(
    ([ofTable, ofChain, ofRule]) => ofTable.test(table) && ofChain.test(chain) && ofRule.test(text),
  );

/** Whether a firewall writes one of nftables' own tables anew whenever it loads: a rule that is taken out by hand comes back. */
export const isFirewallTable = (table: string): boolean => FIREWALL_TABLES.test(table);

/** Programs that shut out single addresses. */
const BANNING: ReadonlySet<string> = new Set(['fail2ban', 'CrowdSec', 'sshguard', 'mailcow']);

/** Whether a rule names whom it shuts out: an address, a block that is no large part of the address space, or a set. */
const NAMES_SOMEBODY = / -s [^ ]+\/(?:[89]|[1-9]\d+) | --match-set |\bsaddr\b/;

/**
 * Whether a host's operator is taken to want what a manager's rule does. A chain's name or a comment is no proof of who wrote a rule:
 * what it lets through is wanted only of a firewall that is here, whose operator says by it what may pass; what it closes, of a program
 * that bans addresses only where it names one, and of any other manager.
 *
 * @param opens - it lets through what Docker means to stop
 * @param table - the table that holds its chain; a text for one of nftables' own, as `FAMILY NAME`
 */
export function isWantedOf(
  manager: string,
  text: string,
  opens: boolean,
  table: Table | string | undefined,
): boolean {
  if (!opens) return !BANNING.has(manager) || NAMES_SOMEBODY.test(`${text} `);
  if (table === undefined || typeof table === 'string') return FIREWALL_TABLES.test(table ?? '');
  const sign = FIREWALLS[manager];
  return sign !== undefined && [...table.chains.keys()].some((chain) => sign.test(chain));
}
