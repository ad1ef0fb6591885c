import { isLoopback } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import type { UdpPort } from '../../reconcile/flows.ts';

/** A conntrack entry of a UDP flow, as `conntrack -L` and `-D` print it (conntrack-tools 1.4). */
export interface UdpEntry {
  /** Who sent the first packet, and to whom. */
  readonly from: string;
  readonly fromPort: string;
  readonly to: string;
  readonly toPort: string;
  /** Whether the kernel translates neither its packets nor their answers. */
  readonly untranslated: boolean;
  /** Seconds until the kernel forgets it, reset by each packet. */
  readonly left: number;
  /** Whether it counts as a stream, which is remembered for longer. */
  readonly assured: boolean;
}

const ENTRY =
  /^udp\s+17 (\d+) src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+) (?:.*? )?src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+) (.*)$/;

/** The UDP entries of a listing; other lines are skipped. */
export function parseEntries(text: string): readonly UdpEntry[] {
  return text.split('\n').flatMap((line): readonly UdpEntry[] => {
    const [, left, from, to, fromPort, toPort, back, backTo, backPort, backToPort, rest] =
      ENTRY.exec(line) ?? [];
    if (from === undefined || to === undefined || fromPort === undefined || toPort === undefined) return [];
    const untranslated = back === to && backTo === from && backPort === toPort && backToPort === fromPort;
    const assured = rest?.includes('[ASSURED]') === true;
    return [{ from, fromPort, to, toPort, untranslated, left: Number(left), assured }];
  });
}

/** One client's flow to a published port, whichever of the two sent the first packet. */
export const flowOf = (client: string, clientPort: string, host: string, port: string): string =>
  `${client} ${clientPort} ${host} ${port}`;

/** The entries of packets that clients sent to a published port. */
export function toPorts(entries: readonly UdpEntry[], ports: readonly UdpPort[]): readonly UdpEntry[] {
  return entries.filter(({ to, toPort }) => isPublished(ports, to, toPort));
}

/**
 * The entries that an answer from a published port made, sent by this host itself (docker-proxy) and not translated. The
 * client's next packets count as replies of such a flow, and pass no rule of `nat`.
 *
 * @param own - the addresses of this host
 */
export function reversedIn(
  entries: readonly UdpEntry[],
  ports: readonly UdpPort[],
  own: ReadonlySet<string>,
): readonly UdpEntry[] {
  return entries.filter(
    ({ from, fromPort, untranslated }) => untranslated && own.has(from) && isPublished(ports, from, fromPort),
  );
}

/**
 * The entries of clients that docker-proxy answers although the rules translate what they send: they began to send while no rule
 * did, and have not paused since.
 *
 * @param own - the addresses of this host
 * @param isContainer - whether an address is a container's: docker-proxy answers those on purpose
 */
export function stuckIn(
  entries: readonly UdpEntry[],
  ports: readonly UdpPort[],
  own: ReadonlySet<string>,
  isContainer: (address: string) => boolean,
): readonly UdpEntry[] {
  const isOutside = (address: string): boolean =>
    !own.has(address) && !isContainer(address) && !isLinkLocal(address);
  return [
    ...toPorts(entries, ports).filter(
      ({ from, to, untranslated }) => untranslated && own.has(to) && !isLoopback(to) && isOutside(from),
    ),
    ...reversedIn(entries, ports, own).filter(({ to }) => isOutside(to)),
  ];
}

/** Translations leave out link-local clients (docs/reference/docker-iptables.md#published-ports). */
const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address);

const isPublished = (ports: readonly UdpPort[], address: string, port: string): boolean =>
  ports.some(({ hostIp, port: published }) => published === port && (hostIp ?? address) === address);

/** The ports of one family. */
export const ofFamily = (ports: readonly UdpPort[], family: Family): readonly UdpPort[] =>
  ports.filter((port) => port.family === family);
