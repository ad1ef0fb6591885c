import { randomInt } from 'node:crypto';

/** Senders' ports, one for each packet: above those that Linux assigns by itself, so that no other program has them. */
const PORTS = { first: 61_000, last: 65_400 } as const;

/** A port to send from; the probes of one run use it and those above it. */
export const pickSourcePort = (): number => randomInt(PORTS.first, PORTS.last);
