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

/** The firewall that keeps a table of iptables' own, policies included; undefined where none is known to. @param filter - the table filter */
export const firewallOf = (filter: Table | undefined): string | undefined =>
  [...(filter?.chains.keys() ?? [])]
    .map((chain) => Object.keys(FIREWALLS).find((one) => FIREWALLS[one]?.test(chain) === true))
    .find((one) => one !== undefined);

/** They set FORWARD's policy whenever they load their rules. */
const KEEPERS = ['ufw', 'shorewall', 'csf'] as const;

/** Whether a firewall keeps FORWARD's policy: it is no leftover, and comes back when it is changed. @param filter - the table filter */
export const keepsPolicy = (filter: Table | undefined): boolean =>
  [...(filter?.chains.keys() ?? [])].some((chain) =>
    KEEPERS.some((one) => FIREWALLS[one]?.test(chain) === true),
  );

/** Their tables of nftables' own, as each names them. */
const FIREWALL_TABLES = /^(?:(?:inet|ip6?) firewalld|inet (?:fw4|nixos-fw))$/;

/**
 * Where firewalls of zones end what no zone lets pass: rules without a condition, or a policy (''). A table of iptables is called `filter`;
 * a firewall's rules in it are told by `managerOf`.
 */
const ENDS: readonly {
  readonly table: RegExp;
  readonly chain: RegExp;
  readonly rule: RegExp;
  /** Chains that lead there; from any other it is a rule of somebody's that refuses. */
  readonly from?: RegExp;
}[] = [
  {
    table: /^(?:inet|ip6?) firewalld$/,
    chain: /^filter_(?:FORWARD$|FWD[IO]?_(?!policy_|.*_(?:pre|log|deny|allow|post)$))/,
    rule: /^(?:counter (?:packets \d+ bytes \d+ )?)?(?:reject|drop)\b/,
  },
  {
    table: /^filter$/,
    chain: /^FWD[IO]?_(?!policy_|.*_(?:pre|log|deny|allow|post)$)/,
    rule: /^-A \S+ -j (?:REJECT|DROP)\b/,
  },
  { table: /^inet fw4$/, chain: /^handle_reject$/, rule: /^/, from: /^forward$/ },
  { table: /^inet fw4$/, chain: /^forward$/, rule: /^$/ },
];

/** Something that a firewall refuses. */
export interface Refusing {
  /** One of nftables' own as `FAMILY NAME`, or iptables' `filter`. */
  readonly table: string;
  readonly chain: string;
  /** The rule that refuses; '' for the chain's policy. */
  readonly text: string;
  /** The chains whose rules led there, and which ends of a packet these rules name; absent in the hook's own chain. */
  readonly led?:
    { readonly chains: readonly string[]; readonly names: readonly ('in' | 'out')[] } | undefined;
}

/**
 * Whether a firewall of zones refuses something because a bridge of Docker's is in none of them, so that it counts as of the default zone
 * or of none: nobody has told the firewall of the bridge, and nobody meant it by that.
 *
 * @param side - whether the packet comes in by Docker's bridge, or leaves by it
 */
export const isZoneless = ({ table, chain, text, led }: Refusing, side: 'in' | 'out'): boolean =>
  led?.names.includes(side) !== true &&
  ENDS.some(
    (end) =>
      end.table.test(table) &&
      end.chain.test(chain) &&
      end.rule.test(text) &&
      (led === undefined ||
        end.from === undefined ||
        led.chains.every((one) => end.from?.test(one) === true)),
  );

/** Whether a firewall writes one of nftables' own tables anew whenever it loads: a rule that is taken out by hand comes back. */
export const isFirewallTable = (table: string): boolean => FIREWALL_TABLES.test(table);

/**
 * Whether one of nftables' own tables is firewalld's panic mode, or what keeps everything out while it loads: made for a while, and all that
 * it stops is stopped (firewalld's core/nftables.py, build_set_policy_rules).
 */
export const isPanic = (table: string): boolean => /^inet firewalld_policy_/.test(table);

/** Programs that shut out single addresses. */
const BANNING: ReadonlySet<string> = new Set(['fail2ban', 'CrowdSec', 'sshguard', 'mailcow']);

/** An address, a block that is no large part of the address space, or a set. */
const NAMES_SOMEBODY = /(?<! !) -s [^ ]+\/(?:[89]|[1-9]\d+) |(?<! !) --match-set |\bsaddr (?!!=)/;

/** Whether a rule names whom it shuts out. */
export const namesSomebody = (text: string): boolean => NAMES_SOMEBODY.test(`${text} `);

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
  if (!opens) return !BANNING.has(manager) || namesSomebody(text);
  if (table === undefined || typeof table === 'string') return FIREWALL_TABLES.test(table ?? '');
  const sign = FIREWALLS[manager];
  return sign !== undefined && [...table.chains.keys()].some((chain) => sign.test(chain));
}
