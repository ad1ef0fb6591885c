import type { Listened } from '../../../src/doctor/peers/probe/listened.ts';
import type { CapturedPacket } from '../../../src/doctor/probe/result.ts';

/** Addresses of the host that asks and of the one that is asked. */
export const [A, B] = ['192.0.2.1', '198.51.100.20'];
const WEB = '172.17.0.2';

/** A packet on an interface, `eth0 in`. */
export const packet = (where: string, source: string, destination: string, reply = false): CapturedPacket => {
  const [link = '', way] = where.split(' ');
  return { link, out: way === 'out', reply, source, destination };
};
/** All there is to be seen of a probe that is answered, in order. */
export const HERE = [
  packet('docker0 in', WEB, B),
  packet('eth0 out', A, B),
  packet('eth0 in', B, A, true),
  packet('docker0 out', B, WEB, true),
];
/** The same, on the host that is asked. */
export const THERE = [
  packet('eth0 in', A, B),
  packet('docker0 out', A, WEB),
  packet('docker0 in', WEB, A, true),
  packet('eth0 out', B, A, true),
];

/** What the other host saw. */
export const watched = (packets: readonly CapturedPacket[], others = 0): Listened => ({
  unavailable: '',
  packets,
  others,
});
