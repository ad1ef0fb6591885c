import type { PeerFault } from './fault.ts';
import { NEAR } from './two-engines.ts';

/** Makes a network of a host's own. */
const made = (subnet: string): Pick<PeerFault, 'break' | 'undo' | 'codes'> => ({
  break: `docker network create --subnet ${subnet} over`,
  undo: 'docker network rm over; ip route flush 203.0.113.10/32; ip route flush 203.0.113.20/32',
  codes: ['wire-overlap'],
});

/** A network of one host's own holds an address of the other. */
export const OVERLAPS: readonly PeerFault[] = [
  {
    ...made('172.30.7.0/24'),
    name: 'both hosts have a network of one subnet, and nothing masquerades',
    on: 'host-a',
    where: 'host-b',
    asker: 'bare',
    address: NEAR.asked,
  },
  {
    ...made('203.0.113.16/28'),
    name: 'a network of its own holds the address of the other host',
    on: 'host-a',
    address: NEAR.asked,
  },
  {
    ...made('203.0.113.0/28'),
    name: 'a network of its own holds the address of the other host',
    on: 'host-b',
    address: NEAR.asked,
  },
  {
    ...made('192.0.2.0/24'),
    name: 'a bridge of its own has the very address of the other host',
    on: 'host-b',
    byHand: true,
  },
];
