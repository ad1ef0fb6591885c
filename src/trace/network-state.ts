import type { Family } from '../net/family.ts';
import type { Variant, Ruleset } from '../firewall/iptables/text/model.ts';

/** What decides about a packet in one network namespace, as it was at one moment. */
export interface NetworkState {
  /** Every variant that holds rules; a packet passes all of them. */
  readonly rulesets: readonly VariantRules[];
  /** Set where rules, interfaces or routes could not be read, as a sentence: then no packet's way is known, for this reason. */
  readonly unread?: string | undefined;
  /** Sets by name, from `ipset save`; undefined where they could not be read. */
  readonly sets: ReadonlyMap<string, IpSet> | undefined;
  /** nftables' own tables (`FAMILY NAME` and text); undefined where they could not be read. */
  readonly natives: readonly { readonly table: string; readonly text: string }[] | undefined;
  readonly links: readonly NetworkLink[];
  readonly routes: readonly Route[];
  /** Policy routing, both families, by priority. */
  readonly routeRules: readonly RouteRule[];
  /** Values under /proc/sys/net by their path below it, e.g. `ipv4/conf/eth0/rp_filter`; what was not read is absent. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** The state it was cut from, which holds more rules and is the same in all else: what was found out about routes is shared. */
  readonly cutFrom?: NetworkState;
  /** Where only rules are held that concern some addresses: all rules, for packets of other addresses. */
  readonly whole?: NetworkState;
}

/** The rules of one variant. */
export interface VariantRules {
  readonly variant: Variant;
  readonly rules: Readonly<Record<Family, Ruleset>>;
}

/** A set of ipset. */
export interface IpSet {
  readonly name: string;
  /** e.g. `hash:ip,port`. */
  readonly type: string;
  readonly family: Family;
  /** Elements as saved, with their options: `10.0.0.0/8`, `192.0.2.1,tcp:80`, `10.1.0.0/16 nomatch`. */
  readonly members: readonly string[];
}

/** A network interface of this namespace. */
export interface NetworkLink {
  readonly name: string;
  readonly index: number;
  /** Of its other end, for a veth; 0 for none. */
  readonly peerIndex: number;
  /** `bridge`, `veth`, `wireguard` …; '' for a plain device. */
  readonly kind: string;
  /** Name of the bridge it is a port of; '' for none. */
  readonly master: string;
  /** Set up by its owner (flag UP). */
  readonly up: boolean;
  /** Has a carrier (flag LOWER_UP). */
  readonly carrier: boolean;
  readonly mtu: number;
  readonly mac: string;
  /** Nobody is asked for on it (flags NOARP, POINTOPOINT, LOOPBACK): it has one other end, or none. */
  readonly asksNobody?: boolean;
  /** State as a bridge port (`forwarding`, `disabled`, …); '' where it is none. */
  readonly portState: string;
  /** A bridge port that reaches no other isolated port of its bridge. */
  readonly isolated?: boolean;
  /** As a bridge port, whether it sends back what came in by it; absent where that was not read. */
  readonly hairpin?: boolean;
  readonly addresses: readonly LinkAddress[];
}

export interface LinkAddress {
  readonly family: Family;
  readonly address: string;
  /** Prefix length. */
  readonly length: number;
  /** `global`, `link`, `host`. */
  readonly scope: string;
}

/** A route of any table. */
export interface Route {
  readonly family: Family;
  /** `main`, `local`, `default`, or a number. */
  readonly table: string;
  /** `unicast`, `local`, `broadcast`, `blackhole`, `unreachable`, `prohibit`, … */
  readonly type: string;
  /** `address/length`; `default` is `0.0.0.0/0` or `::/0`. */
  readonly to: string;
  /** Next hop; '' for none. */
  readonly via: string;
  /** '' for a route without one. */
  readonly dev: string;
  readonly metric: number;
  /** Preferred source; '' for none. */
  readonly prefSource: string;
  /** `linkdown`, `dead`, `onlink` … */
  readonly flags: readonly string[];
}

/** A rule of policy routing. */
export interface RouteRule {
  readonly family: Family;
  readonly priority: number;
  /** Name or number of the table it leads to; '' for another action. */
  readonly table: string;
  /** Every field as `ip -json rule` names it, to be judged or to be honest about. */
  readonly fields: Readonly<Record<string, string>>;
}
