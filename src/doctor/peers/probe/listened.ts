import { hostPort } from '../../../net/address.ts';
import { capturedOf, filterOf } from '../../probe/capture.ts';
import type { CapturedPacket } from '../../probe/result.ts';
import type { PeerTarget } from '../peer.ts';

/** One probe, as the host that is asked can know it again: NAT keeps the source port where it can. */
export interface ListenedFlow extends PeerTarget {
  readonly sourcePort: number;
}

/** What came to a host of a probe that another sent. */
export interface Listened {
  /** Why nothing was watched; '' where it was. */
  readonly unavailable: string;
  readonly packets: readonly CapturedPacket[];
  /** How many first packets came in for the same address and port from another source port. */
  readonly others: number;
}

/** The document of `doctor --listen`; schemas/doctor-listen.schema.json describes it. */
export interface ListenedJson extends Listened {
  readonly $schema: 'https://rulesguard.dev/schemas/doctor-listen.schema.json';
  readonly version: 1;
}

/** What is listened to, as an argument names it: `192.0.2.1:80/tcp`. */
export const flowName = ({ address, port, proto }: PeerTarget): string =>
  `${hostPort(address, port)}/${proto}`;

/** The filter for one probe, and for whoever else opens a connection to the same address meanwhile. */
export function listenFilter({ address, port, proto, sourcePort }: ListenedFlow): string {
  const own = filterOf([trailOf({ address, port, proto, sourcePort })]);
  const syn = address.includes(':') ? 'ip6[53] & 2 != 0' : 'tcp[13] & 2 != 0';
  const first = proto === 'tcp' ? ` and ${syn}` : '';
  return `${own} or (dst host ${address} and ${proto} dst port ${String(port)}${first})`;
}

const trailOf = ({ address, proto, sourcePort }: ListenedFlow) => ({
  ...{ protocol: proto, sourcePort },
  destinations: [address],
});

/** What tcpdump printed, of one probe and of others who asked the same. */
export function listenedOf(text: string, flow: ListenedFlow): Listened {
  const port = `.${String(flow.sourcePort)}`;
  // The filter lets in nothing but the probe and what others ask.
  const others = text
    .split('\n')
    .filter((line) => line !== '' && !line.includes(`${port} > `) && !line.includes(`${port}: `)).length;
  return { unavailable: '', packets: capturedOf(text, trailOf(flow)), others };
}
