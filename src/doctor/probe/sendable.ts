import type { NamedPath } from '../diagnosis.ts';
import { isNobodys } from '../../reach/far.ts';

/**
 * The paths along which a packet can be sent: each way once, there and not back. An answer is sent by the receiver, and
 * addresses of documentation belong to nobody.
 */
export function sendable(paths: readonly NamedPath[]): readonly NamedPath[] {
  const all = paths.filter(
    ({ kind, path: { packet } }) =>
      packet.state === 'NEW' && !(kind === 'outbound' && isNobodys(packet.destination)),
  );
  const wayOf = ({ kind, path: { packet } }: NamedPath): string =>
    [
      kind,
      // A packet from outside is sent from this host, whoever it was followed for.
      kind === 'published' ? '' : packet.source,
      packet.inInterface,
      packet.protocol,
      packet.destination,
      packet.destinationPort,
    ].join(' ');
  return [...new Map([...all].reverse().map((path) => [wayOf(path), path])).values()].reverse();
}
