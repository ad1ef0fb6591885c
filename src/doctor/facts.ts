import type { LiveNetwork, Protocol, PublishedPort } from '../docker/inventory.ts';
import type { HostRules, OwnedHost } from '../docker/ownership.ts';
import type { DaemonFacts } from '../docker/settings.ts';
import type { Finding } from '../guard/finding.ts';
import type { Backend, Family, Ruleset } from '../iptables/model.ts';
import type { Link, Route, Terrain } from '../trace/terrain.ts';

/** Everything that is gathered before anything is judged. What could not be looked at says so; it never reads as "none". */
export interface Facts {
  readonly engine: EngineState;
  /** Docker's rules against what should be there, as `check` tells it; or why that cannot be told. */
  readonly drift: Drift | Untold;
  /** The rules of that backend as a restore would leave them; undefined where it has nothing to mend. */
  readonly mended?: { readonly rules: HostRules; readonly owned: OwnedHost } | undefined;
  /** Whose each rule of the backend Docker uses is. Undefined where the rules could not be read. */
  readonly owned: OwnedHost | undefined;
  /** The backend Docker writes to; undefined where the rules could not be read. */
  readonly backend: Backend | undefined;
  /** Docker's leftovers in the other backend: chains of its names, as `TABLE CHAIN`, with how many rules each holds. */
  readonly leftovers: readonly { readonly family: Family; readonly place: string; readonly rules: number }[];
  readonly terrain: Terrain;
  readonly networks: readonly LiveNetwork[];
  readonly containers: readonly ContainerFacts[];
  /** As the inventory has them: of running containers, where translations should lead. */
  readonly ports: readonly PublishedPort[];
  readonly conntrack: { readonly count: number; readonly max: number } | undefined;
  /** How often the kernel dropped for want of conntrack space, from /proc/net/stat/nf_conntrack (`drop`, `early_drop`). */
  readonly conntrackDrops: number | undefined;
  /** How many packets the kernel dropped for their way back (IPReversePathFilter of /proc/net/netstat). */
  readonly reversePathDrops?: number | undefined;
  /** Sockets of this network namespace that wait for packets. */
  readonly listeners: readonly Listener[];
  readonly proxies: readonly Proxy[];
  /** Firewall managers seen active here: `ufw`, `firewalld`, … */
  readonly managers: readonly string[];
  /** What else could not be looked at: its part of the facts above is empty or undefined for that reason alone. */
  readonly unseen?: readonly Unseen[];
}

/** A part of the facts that could not be looked at. */
export interface Unseen extends Untold {
  /** `rules`, `sets`, `nftables tables`, `interfaces`, `routes` or `containers`. */
  readonly what: string;
}

/** What one could not look at, and why, in one line. */
export interface Untold {
  readonly untold: string;
  /** The fault's code, where it was one. */
  readonly code?: string;
  readonly hint?: string;
}

export interface Drift {
  readonly findings: readonly Finding[];
  /** How many rules of Docker's should be there. */
  readonly rules: number;
  /** Id of the baseline it was measured by; undefined for the Engine alone. */
  readonly baseline: string | undefined;
}

/** The Engine as it answered, or why it did not. */
export type EngineState =
  | {
      readonly answered: true;
      readonly version: string;
      readonly socket: string;
      readonly liveRestore: boolean;
      /** '' from Engines before 28.2, which know only iptables. */
      readonly firewallBackend: string;
      /** Undefined where nothing shows it. */
      readonly userlandProxy: boolean | undefined;
      readonly facts: DaemonFacts;
      /** Lines of dockerd's own log about iptables, the newest last, at most 20; undefined where no log is to be had. */
      readonly log: readonly string[] | undefined;
    }
  | {
      readonly answered: false;
      /** The fault: see docs/FAULTS.md. */
      readonly code: string;
      readonly message: string;
      readonly hint: string | undefined;
      readonly details: readonly string[];
      /** A process of the first dockerd seen in this network namespace; it was not asked, or did not answer. */
      readonly pid?: number | undefined;
      readonly log: readonly string[] | undefined;
    };

/** One container, stopped ones too. */
export interface ContainerFacts {
  readonly id: string;
  /** Without slash. */
  readonly name: string;
  /** `running`, `paused`, `restarting`, `exited`, `created`, `dead`. */
  readonly state: string;
  /** The Engine's own words: `Up 3 minutes`, `Exited (1) 2 hours ago`. */
  readonly status: string;
  /** `default`, `bridge`, a network's name, `host`, `none`, `container:ID`. */
  readonly networkMode: string;
  readonly attachments: readonly Attached[];
  /** Ports that were asked for with `-p`; undefined where the container was not inspected. */
  readonly wanted: readonly WantedPort[] | undefined;
  /** Ports of its image, or of `--expose`, that are not published: `80/tcp`. */
  readonly exposed: readonly { readonly proto: Protocol; readonly port: number }[];
  /** Kernel settings it was started with (`--sysctl`); undefined where the container was not inspected. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** What its network namespace shows; why not, where it cannot be seen; undefined for one that does not run. */
  readonly inside: Inside | Untold | undefined;
}

/** A container's place on one network. */
export interface Attached {
  readonly network: string;
  readonly networkId: string;
  /** Without prefix length; '' for none. */
  readonly ipv4: string;
  readonly ipv6: string;
  readonly gateway: string;
  readonly gateway6: string;
  readonly mac: string;
}

export interface WantedPort {
  readonly proto: Protocol;
  readonly port: number;
  /** '' for every address. */
  readonly hostIp: string;
  /** Undefined for one the Engine chooses. */
  readonly hostPort: number | undefined;
}

/** A container's network namespace, seen from outside. */
export interface Inside {
  /** A path that `nsenter --net=` takes. */
  readonly netns: string;
  readonly links: readonly Link[];
  /** Of table main, both families. */
  readonly routes: readonly Route[];
  /** Undefined where they were not looked at: in a container that publishes nothing and was not asked for, among many. */
  readonly listeners: readonly Listener[] | undefined;
  /** `nameserver`s of its resolv.conf; undefined where it could not be read. */
  readonly resolvers: readonly string[] | undefined;
  /** Its own firewall's rules without Docker's for its embedded DNS; undefined where they were not asked for or cannot be read. */
  readonly banks:
    readonly { readonly backend: Backend; readonly rules: Readonly<Record<Family, Ruleset>> }[] | undefined;
  readonly sysctls: ReadonlyMap<string, string>;
  /** Whether Docker's rules that lead to its name server (127.0.0.11) are there; undefined where nobody looked. */
  readonly resolverLed?: boolean | undefined;
}

/** A socket that waits for packets: a TCP listener, or a UDP socket without a peer. */
export interface Listener {
  readonly proto: 'tcp' | 'udp';
  /** `0.0.0.0`, `::`, or one address. */
  readonly address: string;
  readonly port: number;
}

/** A docker-proxy process. */
export interface Proxy {
  readonly proto: Protocol;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerIp: string;
  readonly containerPort: number;
}

/** Whether something could not be looked at. */
export const isUntold = (told: object): told is Untold => 'untold' in told;
