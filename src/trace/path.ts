import type { Variant, Rule } from '../firewall/iptables/text/model.ts';
import type { RouteRule } from './network-state.ts';
import type { Packet } from './packet.ts';

export const HOOKS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;
export type Hook = (typeof HOOKS)[number];

/** One thing that was decided about a packet on its way. */
export interface PathStep {
  readonly hook: Hook;
  /** Absent for what the kernel decides without a rule: `stage` says what. */
  readonly variant?: Variant;
  /** `raw`, `mangle`, `nat`, `filter`, `security`; or `routing`, `bridge`. */
  readonly stage: string;
  readonly chain?: string;
  /** The rule that applied; absent for a policy, and where the kernel decides. */
  readonly rule?: Rule;
  /** What it did, in a few words: `DROP`, `jumps to DOCKER`, `policy ACCEPT`, `to 172.17.0.2:80`, `route via docker0`. */
  readonly what: string;
  /**
   * `decides`: it ended its table or changed the packet. `may`: it would, if it applied, which is not known. Absent for a jump, a
   * count, a log, and where the kernel decides.
   */
  readonly acts?: 'decides' | 'may';
  /** Of one of nftables' own tables: nft's handle of the rule; '' for a policy. */
  readonly handle?: string;
  /** The rule of policy routing by which it was routed; absent for those every namespace begins with. */
  readonly routedBy?: RouteRule;
}

/** How a packet was led from the hook's own chain to the one where it ended. */
export interface ChainWay {
  /** The chains whose rules led it on, in order. */
  readonly chains: readonly string[];
  /** Of the ends by which it comes in and leaves, those that one of these rules names, as an interface or an address. */
  readonly names: readonly ('in' | 'out')[];
}

const NAMING = [
  ['in', /\biif(?:name)?\b|\bsaddr\b| -[is] /],
  ['out', /\boif(?:name)?\b|\bdaddr\b| -[od] /],
] as const;

/** A way, led on by one more rule, as iptables-save or nft lists it. */
export const ledOn = (
  { chains, names }: ChainWay = { chains: [], names: [] },
  { chain, text }: Pick<Rule, 'chain' | 'text'>,
): ChainWay => ({
  chains: [...chains, chain],
  names: NAMING.flatMap(([side, named]) => (names.includes(side) || named.test(text) ? [side] : [])),
});

/** Where a packet's path ends. */
export type PathEnd =
  /** It reaches a socket of this machine, if one listens. */
  | { readonly at: 'local' }
  /** It leaves this namespace by an interface, to a next hop ('' for the destination itself). */
  | { readonly at: 'sent'; readonly outInterface: string; readonly nextHop: string }
  /** A rule, or a policy, ends it. `target` is `DROP`, `REJECT`, … */
  | {
      readonly at: 'stopped';
      readonly hook: Hook;
      readonly variant: Variant;
      readonly table: string;
      readonly chain: string;
      /** Absent for a policy. */
      readonly rule?: Rule;
      readonly target: string;
      /** Absent in the hook's own chain. */
      readonly led?: ChainWay;
      /** One of nftables' own tables ends it: `table` is its family and name, the rule's text nft's, and `handle` nft's for it. */
      readonly native?: { readonly handle: string };
      /** It ends a packet of neighbour discovery, without which the packet followed is not sent, or does not come. */
      readonly discovers?: true;
    }
  /** The kernel ends it without a rule. */
  | {
      readonly at: 'lost';
      readonly why:
        | 'no-route'
        | 'unreachable'
        | 'forwarding-off'
        | 'rp-filter'
        | 'martian'
        | 'interface-down'
        | 'hairpin';
      /** For people, one line, with the interface or address concerned. */
      readonly detail: string;
    }
  /** Something is not known here: a match, a target, a set. Never a guess. */
  | {
      readonly at: 'unknown';
      readonly why: string;
      readonly table?: string;
      readonly chain?: string;
      readonly rule?: Rule;
    };

/** An end that a rule, or a policy, makes. */
export type Stopped = Extract<PathEnd, { readonly at: 'stopped' }>;

/** The way of one packet through one network namespace. */
export interface Path {
  /** As it set out. */
  readonly packet: Packet;
  /** As it ends: after NAT, marks and routing. */
  readonly last: Packet;
  readonly steps: readonly PathStep[];
  readonly end: PathEnd;
  /** Of an answer, and of what comes behind one: the way of the connection's first packet. */
  readonly first?: Path;
}
