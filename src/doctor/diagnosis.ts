import type { SocketProtocol } from '../net/protocol.ts';
import type { CheckCode } from './codes.ts';
import type { Path } from '../trace/path.ts';

export const VERDICTS = ['ok', 'warn', 'fail', 'unknown'] as const;
/** `warn`: worth knowing, nothing is broken by it. `unknown`: could not be read, or not be judged. */
export type CheckVerdict = (typeof VERDICTS)[number];

/** In the order they are shown. */
export const SECTIONS = ['docker', 'host', 'links', 'container', 'rules', 'path', 'wire', 'proof'] as const;
export type CheckSection = (typeof SECTIONS)[number];

/** One thing that was read and judged. */
export interface Check {
  readonly section: CheckSection;
  /** What was judged, for programs: stable, `bridge-down`. One code for each kind of cause; docs/doctor.md lists them. */
  readonly code: CheckCode;
  /** What it is about: a container, network, interface, `HOST:PORT`; '' for the whole host. */
  readonly about: string;
  readonly verdict: CheckVerdict;
  /** What is, in one line: `docker0 is down`. */
  readonly title: string;
  /** What that means, in one line: `no container of network bridge reaches anything`; '' where the title says it all. */
  readonly meaning: string;
  /** What shows it: one line each, as a tool would print it. */
  readonly evidence: readonly string[];
  /** How to fix it; the first is the one to take. None for ok. */
  readonly remedies: readonly Remedy[];
  /** What else fails because of it: `all`, or names of containers and networks. Nothing of those is a cause of its own. */
  readonly impairs?: 'all' | readonly string[];
  /** Whatever the target is, the answer depends on it. */
  readonly always?: boolean;
  /** It fails also once all of Docker's rules are back: their loss does not explain it. */
  readonly persists?: boolean;
}

/** One way to fix something. */
export interface Remedy {
  /** What it does, or when to choose it, in short. */
  readonly what: string;
  /** To be typed as they are, as root on this host, in order; none where there is no command for it. */
  readonly commands: readonly string[];
}

/** A named path that was traced: of the target, or of all that is published. */
export interface NamedPath {
  /** `outside → 192.0.2.1:8080/tcp → web:80`. */
  readonly name: string;
  readonly kind: 'published' | 'outbound' | 'same-network' | 'other-network' | 'host';
  /** Containers and networks it belongs to. */
  readonly subjects: readonly string[];
  /** Whether it should get through: what is closed by design should not. */
  readonly shouldPass: boolean;
  readonly verdict: CheckVerdict;
  readonly path: Path;
  /** What NAT should make of it and did not: `the container sees 172.17.0.1, not the client`. '' else. */
  readonly flaw: string;
}

/** A bridge and what hangs on it. */
export interface TreeBridge {
  readonly bridge: string;
  /** '' for a bridge that is not Docker's. */
  readonly network: string;
  readonly addresses: readonly string[];
  /** `up`, `down`, `missing`. */
  readonly state: string;
  readonly ports: readonly TreePort[];
}

export interface TreePort {
  /** The host's end; '' where it is missing. */
  readonly veth: string;
  /** `forwarding`, `down`, `missing`, `on BRIDGE`. */
  readonly state: string;
  /** '' for an orphan. */
  readonly container: string;
  /** `eth0`; '' where it is not known. */
  readonly inside: string;
  readonly addresses: readonly string[];
  /** `0.0.0.0:8080 → 80/tcp`. */
  readonly published: readonly string[];
}

/** What a diagnosis is about. */
export type DoctorTarget =
  | { readonly kind: 'host' }
  | { readonly kind: 'container'; readonly name: string }
  /** Of compose, with more than one container. */
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'network'; readonly name: string }
  | {
      readonly kind: 'port';
      readonly address: string;
      readonly port: number;
      readonly proto: SocketProtocol;
    }
  /** Somewhere beyond this host, as a container or the host asks it. */
  | {
      readonly kind: 'address';
      readonly address: string;
      readonly port: number;
      readonly proto: SocketProtocol;
    };

/** All that doctor found out. */
export interface Diagnosis {
  readonly target: DoctorTarget;
  /** Names of the containers the target means, and of the sender. */
  readonly subjects: readonly string[];
  /** Who asks, as requested: `web`, `host`, `outside`, `eth1`, `203.0.113.9`; '' for everybody. */
  readonly from: string;
  /** `fail` with a cause; else `unknown` if anything that matters is; else `ok`. Warnings do not change it. */
  readonly verdict: 'ok' | 'fail' | 'unknown';
  /** Failed checks that no other explains, the first to fix first. */
  readonly causes: readonly Check[];
  readonly checks: readonly Check[];
  readonly paths: readonly NamedPath[];
  readonly tree: readonly TreeBridge[];
  /** Interfaces to the outside, with their addresses. */
  readonly uplinks: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  /** The Engine's version; '' where none answered. */
  readonly engine: string;
  /** Docker's firewall backend, in the Engine's words; '' where none answered and no baseline tells. */
  readonly firewallBackend: string;
  /** Variant of iptables that Docker uses, or that plain `iptables` is where it writes with nftables; '' where the rules could not be read. */
  readonly variant: string;
}
