/** One of nftables' own tables, as far as it decides whether packets pass. */
export interface NativeTable {
  /** `ip`, `ip6`, `inet`, `bridge`, `netdev`, `arp`. */
  readonly family: string;
  readonly name: string;
  /** It sleeps: none of its chains sees a packet. */
  readonly isDormant: boolean;
  readonly chains: ReadonlyMap<string, NativeChain>;
  /** Elements of its sets; undefined for one that rules write to, or that is not understood. */
  readonly sets: ReadonlyMap<string, readonly Element[] | undefined>;
  readonly maps: ReadonlyMap<string, readonly Mapping[] | undefined>;
}

export interface NativeChain {
  readonly name: string;
  /** nft's number for it, which tells which of one table's chains was made first; 0 where it was not listed. */
  readonly handle: number;
  /** Absent for one that is only jumped to. */
  readonly base?: Base | undefined;
  readonly rules: readonly NativeRule[];
}

/** Where a chain is hooked in. */
export interface Base {
  /** `filter`, `nat`, `route`. */
  readonly type: string;
  /** `forward`, `ingress`, … */
  readonly hook: string;
  /** Only of `ingress` and `egress`: at which interfaces; `eth*` is every name that begins with `eth`. */
  readonly devices: readonly string[];
  /** Undefined where it is not understood. */
  readonly priority: number | undefined;
  readonly policy: 'accept' | 'drop';
}

export interface NativeRule {
  /** As nft lists it. */
  readonly text: string;
  /** By which `nft delete rule` knows it; '' where it was not listed. */
  readonly handle: string;
  readonly conditions: readonly NativeCondition[];
  /** What of the rule is not understood: whether it applies is not known, unless a condition says that it does not. */
  readonly doubt?: string | undefined;
  /** What it changes, in order, before it decides. */
  readonly effects?: readonly NativeEffect[] | undefined;
  /** Absent for a rule that only counts, logs or changes. */
  readonly verdict?: NativeVerdict | VerdictMap | undefined;
}

export interface NativeCondition {
  /** In nft's words: `iifname`, `ip saddr`, `ct state`, `fib daddr type`; several of `ip saddr . tcp dport`. */
  readonly fields: readonly string[];
  /** Only of marks and addresses: the bits that are compared, as listed. */
  readonly mask?: string | undefined;
  /** Only of fields that are made of flags, and not of their sets. */
  readonly flags?: FlagTest | undefined;
  readonly negated: boolean;
  /** Any one of these; or the name of a set. */
  readonly among: readonly Element[] | string;
}

/** How flags are compared. */
export interface FlagTest {
  readonly wanted: readonly string[];
  /** `some`: one of the wanted ones is set. `equal`: those that are set are the wanted ones. */
  readonly how: 'some' | 'equal';
  /** Only these count; absent for all. */
  readonly mask?: readonly string[] | undefined;
}

/** A value for each field, side by side; none for an element that holds whatever no other does (`*`). */
export type Element = readonly Span[];

/** One value, or all from the first to the last of a range; of flags those that are set, with `|` between. */
export interface Span {
  readonly first: string;
  readonly last: string;
}

export interface NativeVerdict {
  /** `unknown`: the rule decides in a way that is not understood. */
  readonly is: 'accept' | 'drop' | 'reject' | 'return' | 'continue' | 'jump' | 'goto' | 'nat' | 'unknown';
  /** Where to, of a jump or goto. */
  readonly chain?: string | undefined;
  /** Of `nat`. */
  readonly nat?: NativeNat | undefined;
}

/** A translation, in the words of iptables' target. */
export interface NativeNat {
  readonly target: 'DNAT' | 'SNAT' | 'MASQUERADE' | 'REDIRECT';
  /**
   * `10.0.0.1:80`, `:80`, `[fd00::1]:80`, `10.0.0.1-10.0.0.9`; '' for what the target chooses. Or what a map holds: an address, an
   * address and a port, or a port.
   */
  readonly to: string | DataMap;
  readonly random: boolean;
  /** Packets of the other family pass the rule by. */
  readonly family?: 'ipv4' | 'ipv6';
}

/** Something a rule changes and goes on. */
export type NativeEffect = MarkChange | { readonly field: 'track' };

/** One value written into the mark of a packet, or of its connection. */
export interface MarkChange {
  readonly field: 'mark' | 'connmark';
  /** A number, the mark that is read first, or what a map holds. */
  readonly value: number | 'mark' | 'connmark' | DataMap;
  /** What becomes of it before it is written, in order. */
  readonly operations: readonly MarkOperation[];
}

export interface MarkOperation {
  readonly by: 'and' | 'or' | 'xor';
  readonly operand: number;
}

/** A verdict that depends on values of the packet: the mapping that holds them. */
export interface VerdictMap {
  readonly fields: readonly string[];
  /** Or the name of a map. */
  readonly among: readonly Mapping[] | string;
}

/** As {@link VerdictMap}, of what else a map may hold. A packet that it holds nothing for passes the rule by. */
export type DataMap = VerdictMap;

export interface Mapping {
  readonly key: Element;
  /** Of a map of verdicts. */
  readonly verdict?: NativeVerdict | undefined;
  /** Of any other map. */
  readonly data?: Element | undefined;
}
