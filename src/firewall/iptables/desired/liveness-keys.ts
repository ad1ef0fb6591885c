import type { Captures } from '../ownership/shape.ts';
import { canonicalBlock } from '../../../net/address.ts';

/** One port at one address, however the address is spelt. */
export const portKey = (address: string, port: number | undefined, proto: string): string =>
  `${canonicalBlock(address)} ${String(port)}/${proto}`;

/** One link's way to a port. */
export const linkKey = (from: string, to: string, port: number, proto: string): string =>
  `${canonicalBlock(from)} ${portKey(to, port, proto)}`;

/** A port of the host's as a rule names it: `127.0.0.1:8080/tcp`. */
export const hostPortOf = ({ hostIp, hostPort, proto }: Captures): string =>
  `${hostIp === undefined ? '' : `${hostIp}:`}${hostPort ?? ''}/${proto ?? ''}`;
