import { expect, test } from 'vitest';
import { parseEntries, stuckIn } from '../../../../src/host/conntrack/entries.ts';

const HOST = '192.0.2.1';
const CLIENT = '192.0.2.2';
const PORTS = [{ family: 'ipv4', port: '5353' }] as const;

const line = (from: string, fromPort: string, to: string, toPort: string, back = to): string =>
  `udp      17 29 src=${from} dst=${to} sport=${fromPort} dport=${toPort} src=${back} dst=${from} sport=${toPort} dport=${fromPort} mark=0 use=1`;

const stuck = (text: string): boolean =>
  stuckIn(parseEntries(text), PORTS, new Set([HOST, '127.0.0.1', '172.17.0.1']), (address) =>
    address.startsWith('172.17.'),
  ).length > 0;

test.each([
  ['a client that docker-proxy answers', line(CLIENT, '4000', HOST, '5353')],
  ["docker-proxy's answer that made an entry of its own", line(HOST, '5353', CLIENT, '4000')],
])('%s is stuck', (_, text) => {
  expect(stuck(text)).toBe(true);
});

test.each([
  ['a client whose packets are translated', line(CLIENT, '4000', HOST, '5353', '172.17.0.2')],
  ['a container, which docker-proxy answers on purpose', line('172.17.0.3', '4000', HOST, '5353')],
  ['this host itself', line(HOST, '4000', HOST, '5353')],
  ['a client over loopback', line('127.0.0.1', '4000', '127.0.0.1', '5353')],
  ['a port that is not published', line(CLIENT, '4000', HOST, '53')],
  ['what is only forwarded', line(CLIENT, '4000', '198.51.100.9', '5353')],
])('%s is not', (_, text) => {
  expect(stuck(text)).toBe(false);
});
