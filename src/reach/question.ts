import { familyOf } from '../net/family.ts';
import { makePacket, type Packet } from '../trace/packet.ts';

/** Port of the asking side; any would do. */
export const FROM_PORT = 40_123;

/** Ports that containers ask outside: of a name server and by UDP, and by TCP. */
export const OUTSIDE_PORTS: readonly number[] = [53, 443];

/**
 * The first packet of somebody who asks.
 *
 * @param proto - in the words of `-p`
 * @param from - where it comes in
 */
export const packetTo = (
  proto: string,
  [source, destination, port]: readonly [string, string, number],
  from: Partial<Packet>,
): Packet =>
  makePacket({
    family: familyOf(destination),
    source,
    destination,
    protocol: proto === 'icmp' && familyOf(destination) === 'ipv6' ? 'ipv6-icmp' : proto,
    sourcePort: FROM_PORT,
    destinationPort: port,
    ...from,
  });
