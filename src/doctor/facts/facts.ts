import type { Protocol, SocketProtocol } from '../../net/protocol.ts';
import type { ContainerPort, NetworkPlace, PortBinding } from '../../docker/inventory/container-answer.ts';
import type { Inventory, LiveNetwork, PublishedPort } from '../../docker/inventory/inventory.ts';
import type { OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { DaemonFacts } from '../../docker/settings.ts';
import type { Acceptance } from '../../reconcile/accept/acceptance.ts';
import type { Finding } from '../../reconcile/finding.ts';
import type { Family } from '../../net/family.ts';
import type { HostRules, RuleName, Variant, Ruleset } from '../../firewall/iptables/text/model.ts';
import type { StoodRule } from '../../reach/judge/foreign.ts';
import type { JudgingBasis } from '../../reach/judge/judge.ts';
import type { LeftTables, Owners } from '../../reach/judge/whose.ts';
import type { Leftover } from './leftovers.ts';
import type { Terrain } from '../../reach/terrain.ts';
import type { NetworkLink, Route, NetworkState } from '../../trace/network-state.ts';

/** Everything that is gathered before anything is judged. What could not be read is marked; it never reads as "none". */
export interface Facts {
  readonly engine: EngineState;
  /** Docker's rules against what should be there, as `check` reports it; or why that is unknown. */
  readonly drift: DriftSummary | Unavailable;
  /** Docker's rules as a restore would leave them; undefined where it has nothing to repair. */
  readonly afterRestore?: RestoredRules | RestoredTables | undefined;
  /** The same with an option of restore's; absent where that would change nothing more. */
  readonly afterRestoreWith?:
    Readonly<Partial<Record<RestoreOption, RestoredRules | RestoredTables>>> | undefined;
  /** Families of which it is not known which policy FORWARD is to have. */
  readonly policyUnknown?: readonly Family[] | undefined;
  /** Whose each rule of the variant Docker uses is: none of them Docker's where it writes with nftables. Undefined where the rules could not be read. */
  readonly owned: OwnedHost | undefined;
  /** Docker's own tables of nftables; undefined where its rules are in iptables. */
  readonly tables?: DockerTables | undefined;
  /** Docker's own tables that its Engine does not write; absent for none. */
  readonly leftTables?: LeftTables | undefined;
  /** What of others decided when the newest baseline was recorded: the operator's own. */
  readonly stood?: readonly StoodRule[];
  /** Rules that could not be read when it was recorded either. */
  readonly knownUnread?: readonly RuleName[] | undefined;
  /** The variant Docker writes to, or plain `iptables` where it writes with nftables; undefined where the rules could not be read. */
  readonly variant: Variant | undefined;
  /** Docker's leftovers in iptables: chains of its names in the variant, or in either, that it does not write to. */
  readonly leftovers: readonly Leftover[];
  readonly netState: NetworkState;
  /** What Docker means to be reached, and by whom; undefined where the Engine does not say, or of a version not known here. */
  readonly intended?: Omit<Terrain, 'netState'> | undefined;
  /** What tells why a way is not as Docker means it; undefined where Docker's rules could not be compared. */
  readonly judging?: JudgingBasis | undefined;
  /** The acceptances that hold today, by the ways and rules they cover. */
  readonly accepted?: ReadonlyMap<string, Acceptance>;
  readonly networks: readonly LiveNetwork[];
  /** Networks and containers of the Engine's that are not judged: not among `networks` and `ports`, and Docker's all the same. */
  readonly setAside?: Inventory['setAside'];
  readonly containers: readonly ContainerFacts[];
  /** As the inventory has them: of running containers, where translations should lead. */
  readonly ports: readonly PublishedPort[];
  readonly conntrack: { readonly count: number; readonly max: number } | undefined;
  /** How often the kernel dropped for want of conntrack space, from /proc/net/stat/nf_conntrack (`drop`, `early_drop`). */
  readonly conntrackDrops: number | undefined;
  /** How many packets the kernel dropped for their way back (IPReversePathFilter of /proc/net/netstat). */
  readonly reversePathDrops?: number | undefined;
  /**
   * How many clients of published UDP ports docker-proxy answers although rules translate what they send: the kernel decided about their
   * flows while no rule did. Undefined where that could not be read, or nothing is published by UDP.
   */
  readonly stuckClients?: number | undefined;
  /** Sockets of this network namespace that wait for packets. */
  readonly listeners: readonly ListeningSocket[];
  readonly proxies: readonly DockerProxy[];
  /** Addresses of the name servers that this host asks, and Docker's own in the containers' place. */
  readonly nameServers?: readonly string[];
  /** Firewall managers seen active here: `ufw`, `firewalld`, … */
  readonly managers: readonly string[];
  /** What else could not be read: its part of the facts above is empty or undefined for that reason alone. */
  readonly unseen?: readonly Unseen[];
}

/** Where Docker writes with nftables. */
export interface DockerTables {
  /** Whether a rule in one of them is somebody else's. */
  readonly isForeign: NonNullable<Owners['isForeignInTables']>;
}

/** Nftables' tables as a restore would leave them. */
export interface RestoredTables {
  readonly natives: NonNullable<JudgingBasis['repairedNatives']>;
}

/** Rules of iptables as a restore would leave them. */
export interface RestoredRules {
  readonly rules: HostRules;
  readonly owned: OwnedHost;
}

/** An option that has `rulesguard restore` repair more. */
export type RestoreOption = '--policies' | '--assume-unchanged';

/** The parts of the facts that may not be there to be read. */
export type UnseenPart = 'rules' | 'sets' | 'nftables tables' | 'interfaces' | 'routes' | 'containers';

/** Whether a part of the facts could not be read: what rests on it cannot be judged, for "none" would be a lie. */
export const isUnseen = ({ unseen = [] }: Pick<Facts, 'unseen'>, ...parts: readonly UnseenPart[]): boolean =>
  unseen.some(({ what }) => parts.includes(what));

/** A part of the facts that could not be read. */
export interface Unseen extends Unavailable {
  readonly what: UnseenPart;
}

/** Why something could not be read, in one line. */
export interface Unavailable {
  readonly unavailable: string;
  /** The fault's code, where it was one. */
  readonly code?: string;
  readonly hint?: string;
}

export interface DriftSummary {
  readonly findings: readonly Finding[];
  /** How many of Docker's rules should be there. */
  readonly rules: number;
  /** Id of the baseline it was compared with; undefined for the Engine alone. */
  readonly baseline: string | undefined;
}

/** The Engine as it answered, or why it did not. */
export type EngineState =
  | {
      readonly answered: true;
      readonly version: string;
      readonly socket: string;
      readonly liveRestore: boolean;
      /** In the Engine's words, see {@link import('../../docker/firewall-backend.ts').firewallBackendOf}. */
      readonly firewallBackend: string;
      /** Undefined where nothing shows it. */
      readonly userlandProxy: boolean | undefined;
      readonly facts: DaemonFacts;
      /** Lines of dockerd's own log about iptables, the newest last, at most 20; undefined where no log is to be had. */
      readonly log: readonly string[] | undefined;
    }
  | {
      readonly answered: false;
      /** The fault: see docs/faults.md. */
      readonly code: string;
      readonly message: string;
      readonly hint: string | undefined;
      readonly details: readonly string[];
      /** Of an Engine that answered and keeps no iptables rules; undefined where none answered. */
      readonly firewallBackend?: string | undefined;
      /** A process of the first dockerd seen in this network namespace; it was not asked, or did not answer. */
      readonly pid?: number | undefined;
      readonly log: readonly string[] | undefined;
    };

/** One container, stopped ones too. */
export interface ContainerFacts {
  readonly id: string;
  /** Without slash. */
  readonly name: string;
  /** The compose service it belongs to; '' or absent for none. */
  readonly service?: string;
  /** The project of that service. */
  readonly project?: string;
  /** `running`, `paused`, `restarting`, `exited`, `created`, `dead`. */
  readonly state: string;
  /** The Engine's own words: `Up 3 minutes`, `Exited (1) 2 hours ago`. */
  readonly status: string;
  /** `default`, `bridge`, a network's name, `host`, `none`, `container:ID`. */
  readonly networkMode: string;
  readonly attachments: readonly NetworkPlace[];
  /** Ports requested with `-p`; undefined where the container was not inspected. */
  readonly requestedPorts: readonly PortBinding[] | undefined;
  /** Ports of its image, or of `--expose`, that are not published: `80/tcp`. */
  readonly exposed: readonly ContainerPort[];
  /** Kernel settings it was started with (`--sysctl`); undefined where the container was not inspected. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** What its network namespace shows; why not, where it cannot be seen; undefined for one that does not run. */
  readonly inside: Inside | Unavailable | undefined;
}

/** A container's network namespace, seen from outside. */
export interface Inside {
  /** What `nsenter --net=` takes in a shell: a path; of facts that were read on another host, or before, words that find it there. */
  readonly netns: string;
  readonly links: readonly NetworkLink[];
  /** Of table main, both families. */
  readonly routes: readonly Route[];
  /** Undefined where they were not read: in a container that publishes nothing and was not named, among many. */
  readonly listeners: readonly ListeningSocket[] | undefined;
  /** `nameserver`s of its resolv.conf; undefined where it could not be read. */
  readonly resolvers: readonly string[] | undefined;
  /** Its own firewall's rules without Docker's for its embedded DNS; undefined where they were not or could not be read. */
  readonly ownRules:
    readonly { readonly variant: Variant; readonly rules: Readonly<Record<Family, Ruleset>> }[] | undefined;
  readonly sysctls: ReadonlyMap<string, string>;
  /** Whether Docker's rules that lead to its name server (127.0.0.11) are there; undefined where that was not read. */
  readonly resolverRules?: boolean | undefined;
}

/** A socket that waits for packets: a TCP listener, or a UDP socket without a peer. */
export interface ListeningSocket {
  readonly proto: SocketProtocol;
  /** `0.0.0.0`, `::`, or one address. */
  readonly address: string;
  readonly port: number;
}

/** A docker-proxy process. */
export interface DockerProxy {
  readonly proto: Protocol;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerIp: string;
  readonly containerPort: number;
}

/** Whether something could not be read. */
export const isUnavailable = (value: object): value is Unavailable => 'unavailable' in value;
