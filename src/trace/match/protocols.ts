import { PORT_PROTOCOLS } from '../../net/protocol.ts';

/** Names `-p` is saved with, after /etc/protocols and iptables' own table (xtables.c). */
const NUMBERS: Readonly<Record<string, number>> = {
  all: 0,
  icmp: 1,
  igmp: 2,
  ipencap: 4,
  ipip: 4,
  tcp: 6,
  egp: 8,
  igp: 9,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  icmpv6: 58,
  eigrp: 88,
  ospf: 89,
  ospfigp: 89,
  pim: 103,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  'ipv6-mh': 135,
  mh: 135,
  udplite: 136,
};

/** The number of a protocol; undefined for a name that is not known here. */
export function protocolNumber(name: string): number | undefined {
  return /^\d+$/.test(name) ? Number(name) : NUMBERS[name];
}

const WITH_PORTS: ReadonlySet<number | undefined> = new Set([...PORT_PROTOCOLS].map((name) => NUMBERS[name]));

/** Whether packets of a protocol carry ports. */
export const hasPorts = (protocol: string): boolean => WITH_PORTS.has(protocolNumber(protocol));

/** Whether it is ICMP of either family. */
export const isIcmp = (protocol: string): boolean => [1, 58].includes(protocolNumber(protocol) ?? -1);
