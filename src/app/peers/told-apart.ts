import type { PeerHost } from '../../doctor/peers/peer.ts';

/**
 * A host by a name that no other has. Copies of one machine often have one name: a command must not be typed on the wrong one.
 *
 * @param mark - what tells it from others of its name, which then stands behind it
 */
export function toldApart(peer: PeerHost, mark: string, others: readonly PeerHost[]): PeerHost {
  const { about } = peer;
  return others.some((other) => other.about.host === about.host)
    ? { ...peer, about: { ...about, host: `${about.host} (${mark})` } }
    : peer;
}
