import type { Family } from '../../net/family.ts';
import type { Protocol } from '../../net/protocol.ts';
import type { TrustedInterfaces } from './trusted.ts';

/**
 * What Docker means to happen to packets, for the families it writes rules in: values without the syntax of any firewall. The
 * rules of a firewall backend are written from them, and who may reach whom follows from them.
 */
export interface HostIntent {
  readonly ipv4: FamilyIntent;
  /** Undefined where the daemon leaves IPv6 alone (`--ip6tables`): nothing is translated, opened or closed there. */
  readonly ipv6: FamilyIntent | undefined;
  /** Ports on IPv6 addresses of this host that no rule leads anywhere: docker-proxy takes them, and asks the container in IPv4. */
  readonly proxied: readonly ProxiedPort[];
}

/** A port on an IPv6 address of this host that docker-proxy alone serves, and hides who asks. */
export interface ProxiedPort extends NamedBridge {
  readonly proto: Protocol;
  /** The container's, in IPv4. */
  readonly address: string;
  readonly port: number;
  readonly binding: Pick<HostBinding, 'address' | 'port' | 'proxyAnswers'>;
}

/** What Docker means for the packets of one family. Lists are in the order in which the Engine makes their members. */
export interface FamilyIntent {
  readonly family: Family;
  /** How this host's own packets to a published port, asked by a loopback address, get to the container. */
  readonly loopback: ServedBy;
  /**
   * The interface by which packets to this host's loopback addresses come in from a system that shares them; '' for none. WSL2's,
   * where Windows' own network is mirrored (27.3 and later). In IPv4 alone.
   */
  readonly sharedLoopback: string;
  /** Forwarded packets with this mark are let in everywhere (`--bridge-accept-fwmark`), e.g. `0x1/0x3`; '' for none. */
  readonly admittedMark: string;
  readonly networks: readonly NetworkIntent[];
  readonly published: readonly PublishedIntent[];
  readonly links: readonly LinkIntent[];
  readonly endpoints: readonly ClosedEndpoint[];
  /** Undefined while the routing mesh serves nothing on this node. */
  readonly mesh: MeshIntent | undefined;
  readonly overlays: readonly OverlayIntent[];
}

/** Packets to a published port get to the container translated, or end at docker-proxy, which asks the container itself. */
export type ServedBy = 'translation' | 'docker-proxy';

/** Whoever is answered from another address than the one asked takes it for nobody's answer. */
export type ProxyAnswers = 'as-asked' | 'as-routed';

/** A bridge network. One without addresses of the family is left out, unless something is meant for it all the same. */
export type NetworkIntent = OpenNetwork | InternalNetwork | UnusedNetwork;

interface NamedBridge {
  readonly network: string;
  /** Interface name. */
  readonly bridge: string;
}

/**
 * A network with a way out: its containers reach everybody but networks that are kept apart, and the answers to what they
 * asked come back in. What comes in unasked depends on the ports published, and on the fields here.
 */
export interface OpenNetwork extends NamedBridge {
  readonly kind: 'open';
  /** Of this family, host bits masked off. */
  readonly subnets: readonly string[];
  readonly inside: WithinNetwork;
  readonly leaves: LeavesAs;
  /** The source address of what this host itself sends in, from its loopback address too; undefined where it keeps its own. */
  readonly fromHost: MaskedSource | undefined;
  /** How its containers get to a published port that they ask by an address of this host. */
  readonly asksPublished: ServedBy;
  readonly unpublished: UnpublishedPorts;
  readonly direct: DirectAccess;
  readonly others: OtherNetworks;
}

/** A network without a way out or in: only its own containers, and this host, reach its containers. */
export interface InternalNetwork extends NamedBridge {
  readonly kind: 'internal';
  /**
   * Whether its own rules close the way out first. With nftables the chain of whoever it asks comes before them, and an accept there ends
   * the hook: its containers, which have no route there, reach what others leave open to everybody.
   */
  readonly out: 'closed' | 'left-to-others';
  readonly subnets: readonly string[];
  readonly inside: WithinNetwork;
}

/** A network without addresses of this family, whose bridge is kept apart from the others all the same. */
export interface UnusedNetwork extends NamedBridge {
  readonly kind: 'unused';
  readonly others: OtherNetworks;
}

/** Whether the containers of a network reach each other (icc), or only where a link says so. */
export type WithinNetwork = 'open' | 'links-only';

/** The host's address that becomes the source of packets: that of the interface they leave by, or a given one. */
export type MaskedSource =
  { readonly as: 'interface' } | { readonly as: 'address'; readonly address: string };

/** The source address with which packets of a network's containers leave it: one of the host's, or the container's own. */
export type LeavesAs = MaskedSource | { readonly as: 'itself' };

/**
 * What becomes of packets from outside to a port that is not published: `closed`; `ping-only`, where ICMP passes; `open`; or
 * `left-to-host`, where Docker says nothing and the host's own rules for forwarding decide (up to 27).
 */
export type UnpublishedPorts = 'closed' | 'ping-only' | 'open' | 'left-to-host';

/**
 * What is closed to packets addressed to a container of the network itself, instead of to this host, that come in by any
 * interface but its bridge: nothing; its published ports; or its whole address, except from trusted interfaces. It holds before
 * everything else, for answers too.
 */
export type DirectAccess =
  | { readonly closes: 'nothing' }
  | { readonly closes: 'ports' }
  | { readonly closes: 'addresses'; readonly trusted: readonly TrustedInterfaces[] };

/**
 * What becomes of packets between this network and another bridge network. `apart`: none pass, in either direction.
 * `receives`: it sends none to networks that are kept apart, except answers; what comes from them is treated as from outside.
 * `as-outside`: Docker makes no difference between another network and the outside.
 */
export type OtherNetworks = 'apart' | 'receives' | 'as-outside';

/** Packets from outside to this port of a container are let through; those asked of the host are led there. */
export interface PublishedIntent extends NamedBridge {
  readonly proto: Protocol;
  /** The container's. */
  readonly address: string;
  readonly port: number;
  /** What leads there; undefined for a port that is only open, without a port of the host's (gateway mode routed). */
  readonly binding: HostBinding | undefined;
  /** Let through by itself, or `with-network`: all ports of its network are open. */
  readonly admitted: 'by-port' | 'with-network';
  /** Closed to packets addressed to the container itself that come in by any interface but its bridge (28.0 and 28.1). */
  readonly closedDirectly: boolean;
  /** The checksums of its answers are filled in on the way out (sctp). */
  readonly fillsChecksums: boolean;
}

/** A port of the host's that leads to a container's. */
export interface HostBinding {
  /** '' for every address of the host. */
  readonly address: string;
  readonly port: number;
  /** How containers of the network itself get there. */
  readonly ownNetwork: ServedBy;
  /** From which address docker-proxy answers: the one asked, or whichever its route gives. */
  readonly proxyAnswers: ProxyAnswers;
  /** How neighbours that ask from a link-local address get there. */
  readonly linkLocal: ServedBy;
  /** The container's own packets that are translated back to it get the host's address as source, so that it answers the same way. */
  readonly hairpin: boolean;
  /** Its loopback address is closed to packets that come in by any interface but the loopback's. */
  readonly closedRemotely: boolean;
}

/** A container may ask another of the same network on one port, and is answered, although they cannot reach each other otherwise. */
export interface LinkIntent {
  readonly bridge: string;
  /** Address of the one that asks. */
  readonly from: string;
  readonly to: string;
  readonly proto: Protocol;
  readonly port: number;
}

/** An endpoint whose address is closed to packets that come past its bridge, except from trusted interfaces. */
export interface ClosedEndpoint {
  readonly bridge: string;
  readonly address: string;
  readonly trusted: readonly TrustedInterfaces[];
}

/** The swarm's routing mesh: what this host is asked on these ports is led to its address, on the same port. */
export interface MeshIntent {
  readonly bridge: string;
  readonly address: string;
  /** Those whose protocol is known. */
  readonly ports: readonly { readonly proto: Protocol; readonly port: number }[];
}

/** An encrypted overlay: its packets, known by VXLAN id and UDP port, leave only encrypted and come in only encrypted. */
export interface OverlayIntent {
  readonly vni: number;
  readonly port: number;
}
