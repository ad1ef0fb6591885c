/** The transport protocols Docker publishes ports of, as its API spells them. */
export const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Those that programs open plain sockets of: nobody listens on SCTP here. */
export type SocketProtocol = Exclude<Protocol, 'sctp'>;

/** The protocols whose packets begin with a port of each side, as iptables spells them. */
export const PORT_PROTOCOLS: ReadonlySet<string> = new Set([...PROTOCOLS, 'dccp', 'udplite']);

/** Whether something read from outside is one of them. */
export const isProtocol = (value: unknown): value is Protocol => PROTOCOLS.some((proto) => proto === value);
