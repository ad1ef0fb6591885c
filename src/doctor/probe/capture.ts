import type { SocketProtocol } from '../../net/protocol.ts';
import type { CapturedPacket } from './result.ts';

/** What distinguishes the packets of one probe from all others. */
export interface Trail {
  readonly protocol: SocketProtocol | 'icmp';
  /** Of the sender, which NAT keeps where it can; 0 for ICMP. */
  readonly sourcePort: number;
  /** Before and after DNAT. */
  readonly destinations: readonly string[];
}

/** `docker0 In  IP 172.17.0.2.61000 > 192.0.2.2.80: …`; before libpcap 1.10 without the interface. */
const LINE = /^(?:(\S+)\s+(In|Out|[BMP])\s+)?(?:(?:In|Out|[BMP])\s+)?IP6? (\S+) > (\S+?):?(?: (.*))?$/;

/**
 * Finds the packets of one probe in what `tcpdump -i any -n -t -q` printed: there and back, where each was seen first.
 *
 * @param text - its standard output
 */
export function capturedOf(text: string, trail: Trail): readonly CapturedPacket[] {
  const seen = new Map<string, CapturedPacket>();
  for (const line of text.split('\n')) {
    const [, link = '', direction = '', from = '', to = '', rest = ''] = LINE.exec(line) ?? [];
    const reply = isReply(trail, from, to, rest);
    if (reply === undefined) continue;
    const out = direction === 'Out';
    const place = `${link} ${String(out)} ${String(reply)}`;
    const [source, destination] =
      trail.protocol === 'icmp' ? [from, to] : [withoutPort(from), withoutPort(to)];
    // What follows the first packet (its repetition, the end of a connection) takes the same way.
    if (!seen.has(place)) seen.set(place, { link, out, reply, source, destination });
  }
  return [...seen.values()];
}

const withoutPort = (end: string): string => end.slice(0, end.lastIndexOf('.'));

function isReply(trail: Trail, from: string, to: string, rest: string): boolean | undefined {
  if (trail.protocol === 'icmp') {
    if (/echo request/.test(rest) && trail.destinations.includes(to)) return false;
    return /echo reply/.test(rest) && trail.destinations.includes(from) ? true : undefined;
  }
  const port = `.${String(trail.sourcePort)}`;
  if (from.endsWith(port)) return false;
  return to.endsWith(port) ? true : undefined;
}

/**
 * The filter that shows tcpdump nothing but the probes.
 *
 * @param trails - of all probes
 */
export function filterOf(trails: readonly Trail[]): string {
  const ports = trails.filter(({ sourcePort }) => sourcePort !== 0).map(({ sourcePort }) => sourcePort);
  const pinged = trails.filter(({ protocol }) => protocol === 'icmp').flatMap((one) => one.destinations);
  return [
    ...(ports.length === 0
      ? []
      : [`((tcp or udp) and (${ports.map((port) => `port ${String(port)}`).join(' or ')}))`]),
    ...(pinged.length === 0
      ? []
      : [`((icmp or icmp6) and (${[...new Set(pinged)].map((host) => `host ${host}`).join(' or ')}))`]),
  ].join(' or ');
}
