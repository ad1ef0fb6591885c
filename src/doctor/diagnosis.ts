import type { Path } from '../trace/path.ts';

export const VERDICTS = ['ok', 'warn', 'fail', 'unknown'] as const;
/** `warn`: worth knowing, nothing is broken by it. `unknown`: could not be looked at, or not be judged. */
export type Verdict = (typeof VERDICTS)[number];

/** In the order they are told. */
export const SECTIONS = ['docker', 'host', 'links', 'container', 'rules', 'path', 'proof'] as const;
export type Section = (typeof SECTIONS)[number];

/** One thing that was looked at and judged. */
export interface Check {
  readonly section: Section;
  /** What was looked at, for programs: stable, `bridge-down`. One code for each kind of cause; docs/DOCTOR.md lists them. */
  readonly code: string;
  /** Whom it is about: a container, network, interface, `HOST:PORT`; '' for the whole host. */
  readonly about: string;
  readonly verdict: Verdict;
  /** What is, in one line: `docker0 is down`. */
  readonly title: string;
  /** What that means, in one line: `no container of network bridge reaches anything`; '' where the title says it all. */
  readonly meaning: string;
  /** What it was seen by: one line each, as a tool would print it. */
  readonly evidence: readonly string[];
  /** How to mend it; the first is the one to take. None for ok. */
  readonly remedies: readonly Remedy[];
  /** What else fails because of it: `all`, or names of containers and networks. Nothing of those is a cause of its own. */
  readonly impairs?: 'all' | readonly string[];
  /** Whatever was asked about, the answer depends on it. */
  readonly always?: boolean;
  /** It fails also once all of Docker's rules are back: their loss does not explain it. */
  readonly lasting?: boolean;
}

/** One way to mend something. */
export interface Remedy {
  /** What it does, or when to choose it, in a few words. */
  readonly what: string;
  /** To be typed as they are, as root on this host, in order; none where words are all there is. */
  readonly commands: readonly string[];
}

/** A named path that was traced, of what was asked or of all that is published. */
export interface NamedPath {
  /** `outside → 192.0.2.1:8080/tcp → web:80`. */
  readonly name: string;
  readonly kind: 'published' | 'outbound' | 'same-network' | 'other-network' | 'host';
  /** Containers and networks it belongs to. */
  readonly subjects: readonly string[];
  /** Whether it should get through: what is closed by design should not. */
  readonly wanted: boolean;
  readonly verdict: Verdict;
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

/** What doctor was asked about. */
export type Target =
  | { readonly kind: 'host' }
  | { readonly kind: 'container'; readonly name: string }
  | { readonly kind: 'network'; readonly name: string }
  | { readonly kind: 'port'; readonly address: string; readonly port: number; readonly proto: 'tcp' | 'udp' };

/** All that doctor has to tell. */
export interface Diagnosis {
  readonly target: Target;
  /** Names of the containers meant by the target, and of the one asking. */
  readonly subjects: readonly string[];
  /** Whose path to the target was asked for: a container's name, `host`, `outside`; '' for all of them. */
  readonly from: string;
  /** `fail` with a cause; else `unknown` if anything that matters is; else `ok`. Warnings do not change it. */
  readonly verdict: 'ok' | 'fail' | 'unknown';
  /** Failed checks that no other explains, the first to mend first. */
  readonly causes: readonly Check[];
  readonly checks: readonly Check[];
  readonly paths: readonly NamedPath[];
  readonly tree: readonly TreeBridge[];
  readonly engine: string;
  readonly backend: string;
}
