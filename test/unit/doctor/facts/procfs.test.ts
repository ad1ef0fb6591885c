import { describe, expect, test } from 'vitest';
import { ipv4OfHex, ipv6OfHex, ipv6OfWords, lengthOfMask } from '../../../../src/net/hex-address.ts';
import {
  conntrackDropsFrom,
  containerOfCgroup,
  listenersFrom,
  proxyFrom,
  resolversFrom,
  tcpInUse,
} from '../../../../src/doctor/facts/procfs.ts';

const ID = 'a08ada4a7e7c573efb2680c6d254ec6afc9a36be212689da74fb181616273191';
const OUTER = 'cf2e2d16b3d4d36db6f9db510511278770535028643b02146661e91742ab38ca';

describe('addresses of /proc', () => {
  test.each([
    ['0B00007F', true, '127.0.0.11'],
    ['7F00000B', false, '127.0.0.11'],
    ['00000000', true, '0.0.0.0'],
  ])('IPv4 %s, little-endian %s', (hex, little, address) => {
    expect(ipv4OfHex(hex, little)).toBe(address);
  });

  test.each([
    ['00000000000000000000000000000000', true, '::'],
    ['00000000000000000000000001000000', true, '::1'],
    ['00000000000000000000000000000001', false, '::1'],
    ['B80D0120000000000000000001000000', true, '2001:db8::1'],
    ['0000000000000000FFFF00000B00007F', true, '::ffff:127.0.0.11'],
  ])('IPv6 in words %s, little-endian %s', (hex, little, address) => {
    expect(ipv6OfWords(hex, little)).toBe(address);
  });

  test.each([
    ['fe8000000000000020f23cfffea6d412', 'fe80::20f2:3cff:fea6:d412'],
    ['fd000006000000000000000000000002', 'fd00:6::2'],
  ])('IPv6 in the order of the network %s', (hex, address) => {
    expect(ipv6OfHex(hex)).toBe(address);
  });

  test.each([
    ['255.255.0.0', 16],
    ['255.255.255.252', 30],
    ['0.0.0.0', 0],
  ])('mask %s', (mask, length) => {
    expect(lengthOfMask(mask)).toBe(length);
  });
});

// Of a container on a user-defined network: Docker's name server, a web server, a connection, a connected datagram socket.
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:8C97 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 15144867 1 0000000018abb117 100 0 0 10 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 15144868 1 0000000018abb118 100 0 0 10 0
   2: 020013AC:C350 010013AC:0050 01 00000000:00000000 00:00000000 00000000     0        0 15144869 1 0000000018abb119 100 0 0 10 0
`;
const UDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 2658: 0B00007F:B771 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 15144866 2 00000000cf91bc04 0
 2659: 020013AC:B772 08080808:0035 01 00000000:00000000 00:00000000 00000000     0        0 15144867 2 00000000cf91bc05 0
`;
const UDP6 = `  sl  local_address                         rem_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
10202: 00000000000000000000000000000000:14E9 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 15144912 2 00000000ee2a6ae9 0
10202: 00000000000000000000000000000000:14E9 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 15144913 2 00000000ee2a6ae8 0
`;

describe('listening sockets', () => {
  test('TCP: those that listen', () => {
    expect(listenersFrom(TCP, 'tcp')).toEqual([
      { proto: 'tcp', address: '127.0.0.11', port: 35_991 },
      { proto: 'tcp', address: '0.0.0.0', port: 80 },
    ]);
  });

  test('UDP: those without a peer; a port that several share is one', () => {
    expect(listenersFrom(UDP, 'udp')).toEqual([{ proto: 'udp', address: '127.0.0.11', port: 46_961 }]);
    expect(listenersFrom(UDP6, 'udp')).toEqual([{ proto: 'udp', address: '::', port: 5353 }]);
  });

  test.each([
    ['sockets: used 12\nTCP: inuse 3 orphan 0 tw 7 alloc 4 mem 0\nUDP: inuse 1 mem 0\n', 3],
    ['TCP6: inuse 0\nUDP6: inuse 1\n', 0],
    ['', undefined],
  ])('TCP sockets in use, of %j', (text, count) => {
    expect(tcpInUse(text)).toBe(count);
  });
});

test.each([
  [`0::/docker/${ID}\n`, ID],
  [`0::/system.slice/docker-${ID}.scope\n`, ID],
  [`9:name=systemd:/rulesguard-lab-mRJ63q/${ID}\n8:pids:/rulesguard-lab-mRJ63q/${ID}\n`, ID],
  [`0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope\n`, ID],
  [`0::/docker/${OUTER}/docker/${ID}\n`, ID],
  [`0::/docker/${ID}/init\n`, ID],
  [`0::/system.slice/docker.service\n`, undefined],
  [`0::/user.slice/${ID}0\n`, undefined],
  ['', undefined],
])('the container of the cgroup %j', (text, id) => {
  expect(containerOfCgroup(text)).toBe(id);
});

describe('docker-proxy', () => {
  const line = (words: string): string => `${words.replaceAll(' ', '\0')}\0`;

  test('its command line gives addresses and ports', () => {
    const words =
      '/usr/sbin/docker-proxy -proto tcp -host-ip :: -host-port 8080 -container-ip fd00:6::2 -container-port 80 -use-listen-fd';
    expect(proxyFrom(line(words))).toEqual({
      proto: 'tcp',
      hostIp: '::',
      hostPort: 8080,
      containerIp: 'fd00:6::2',
      containerPort: 80,
    });
  });

  test.each([
    'docker-proxy',
    'docker-proxy -proto tcp -host-ip 0.0.0.0',
    'docker-proxy -proto icmp -host-ip 0.0.0.0 -host-port 1 -container-ip 10.0.0.1 -container-port 1',
  ])('ignored: %s', (words) => {
    expect(proxyFrom(line(words))).toBeUndefined();
  });
});

test('the name servers of resolv.conf', () => {
  const text =
    '# nameserver 10.0.0.1\nsearch lan\nnameserver 127.0.0.11\n  nameserver\tfd00::53\noptions ndots:0\n';
  expect(resolversFrom(text)).toEqual(['127.0.0.11', 'fd00::53']);
});

describe('drops for want of conntrack space', () => {
  const head =
    'entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart';
  const row = (drop: string, early: string): string =>
    `00000002  00000000 00000000 00000000 00000009 00000000 00000000 00000000 00000000 00000000 ${drop} ${early} 00000000  00000000 00000000 00000000 00000000`;

  test('are the sum over all processors, read as hexadecimal', () => {
    expect(
      conntrackDropsFrom(`${head}\n${row('00000010', '00000001')}\n${row('00000001', '00000000')}\n`),
    ).toBe(18);
  });

  test('unknown where there is no such file', () => {
    expect(conntrackDropsFrom('')).toBeUndefined();
  });
});
