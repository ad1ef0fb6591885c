/** One of nftables' own tables, as far as it decides whether packets pass. */
export interface NativeTable {
  /** `ip`, `ip6`, `inet`, `bridge`, `netdev`, `arp`. */
  readonly family: string;
  readonly name: string;
  readonly chains: ReadonlyMap<string, NativeChain>;
  /** Elements of its sets; undefined for one that rules add to, or that is not understood. */
  readonly sets: ReadonlyMap<string, readonly Span[] | undefined>;
  readonly maps: ReadonlyMap<string, readonly Mapping[] | undefined>;
}

export interface NativeChain {
  readonly name: string;
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
  /** What it writes into marks, in order, before it decides. */
  readonly marks?: readonly MarkChange[] | undefined;
  /** Absent for a rule that only counts, logs or marks. */
  readonly verdict?: NativeVerdict | VerdictMap | undefined;
}

export interface NativeCondition {
  /** In nft's words: `iifname`, `ip saddr`, `tcp dport`, `ct state`, `fib daddr type`. */
  readonly field: string;
  /** Only of marks: the bits that are compared. */
  readonly mask?: number | undefined;
  readonly negated: boolean;
  /** Any one of these; or the name of a set. */
  readonly among: readonly Span[] | string;
}

/** One value, or all from the first to the last of a range. */
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
  /** `10.0.0.1:80`, `:80`, `[fd00::1]:80`, `10.0.0.1-10.0.0.9`; '' for what the target chooses. */
  readonly to: string;
  readonly random: boolean;
  /** Packets of the other family pass the rule by. */
  readonly family?: 'ipv4' | 'ipv6';
}

/** One value written into the mark of a packet, or of its connection. */
export interface MarkChange {
  readonly field: 'mark' | 'connmark';
  /** A number, or the mark that is read first. */
  readonly value: number | 'mark' | 'connmark';
  /** What becomes of it before it is written, in order. */
  readonly operations: readonly MarkOperation[];
}

export interface MarkOperation {
  readonly by: 'and' | 'or' | 'xor';
  readonly operand: number;
}

/** A verdict that depends on a value: the first mapping that holds it. */
export interface VerdictMap {
  readonly field: string;
  /** Or the name of a map. */
  readonly among: readonly Mapping[] | string;
}

export interface Mapping {
  readonly span: Span;
  readonly verdict: NativeVerdict;
}
