import { expect, test } from 'vitest';
import { sentOf } from '../../../../src/host/sandbox/traffic.ts';

const snmp = (opens: number, datagrams: number, lost: number): string =>
  [
    'Ip: Forwarding DefaultTTL OutRequests OutDiscards OutNoRoutes',
    `Ip: 1 64 99 0 ${String(lost)}`,
    'Icmp: InMsgs OutMsgs',
    'Icmp: 7 7',
    'Tcp: RtoAlgorithm MaxConn ActiveOpens',
    `Tcp: 1 -1 ${String(opens)}`,
    'Udp: InDatagrams OutDatagrams',
    `Udp: 4 ${String(datagrams)}`,
    'Ip6OutRequests                  \t9',
    'Udp6OutDatagrams                \t2',
    '',
  ].join('\n');

test('what programs sent counts, what the kernel did by itself does not', () => {
  expect(sentOf(snmp(0, 0, 0))).toBe(2);
  expect(sentOf(snmp(3, 4, 5))).toBe(14);
});

test('of a kernel without one of the families, what is there', () => {
  expect(sentOf('')).toBe(0);
});
