import { describe, expect, test } from 'vitest';
import { linkBatch } from '../../../../src/host/sandbox/links.ts';

const link = (ifname: string, more: object = {}): object => ({
  ifname,
  flags: ['BROADCAST', 'UP'],
  address: '02:42:ac:11:00:02',
  addr_info: [],
  ...more,
});
const linesFor = (...links: readonly object[]): readonly string[] =>
  linkBatch(links, [], 'dummy').trim().split('\n').slice(1);

describe('the host’s interfaces in a sandbox', () => {
  test('loopback is up, and not made', () => {
    expect(linkBatch([link('lo')], [], 'dummy')).toBe('link set dev lo up\n');
  });

  test('a bridge is a bridge', () => {
    expect(linesFor(link('docker0', { linkinfo: { info_kind: 'bridge' } }))).toEqual([
      'link add name docker0 address 02:42:ac:11:00:02 type bridge',
      'link set dev docker0 up',
    ]);
  });

  test('anything else is of the kind that is there', () => {
    expect(linesFor(link('eth0', { flags: [] }))).toEqual([
      'link add name eth0 address 02:42:ac:11:00:02 type dummy',
    ]);
    expect(linkBatch([link('eth0', { address: '', flags: [] })], [], 'bridge')).toContain(
      'link add name eth0 type bridge',
    );
  });

  test('among very many, the ends of containers’ links are left out', () => {
    const veth = { master: 'docker0', linkinfo: { info_kind: 'veth' } };
    const veths = Array.from({ length: 120 }, (_, i) => link(`veth${String(i)}`, veth));
    expect(linesFor(link('eth0', { flags: [] }), ...veths)).toHaveLength(1);
    expect(linesFor(...veths.slice(0, 3))).toHaveLength(6);
  });

  test('what has no Ethernet address is made without', () => {
    expect(linesFor(link('wg0', { address: '0.0.0.0', flags: [] }))[0]).toBe('link add name wg0 type dummy');
  });

  test('addresses of both families', () => {
    const addr_info = [
      { local: '192.0.2.1', prefixlen: 24 },
      { local: 'fd00::1', prefixlen: 64 },
      { prefixlen: 64 },
    ];
    expect(linesFor(link('eth0', { flags: [], addr_info })).slice(1)).toEqual([
      'address replace 192.0.2.1/24 dev eth0',
      'address replace fd00::1/64 dev eth0 nodad',
    ]);
  });

  test('routes but for those the kernel makes with the addresses', () => {
    const text =
      'default via 192.0.2.254 dev eth0\n192.0.2.0/24 dev eth0 proto kernel scope link\n10.0.0.0/8 dev br linkdown\n';
    expect(
      linkBatch(
        [],
        [
          ['-4', text],
          ['-6', 'fd01::/64 via fd00::2 dev eth0\n'],
        ],
        'dummy',
      )
        .trim()
        .split('\n')
        .slice(1),
    ).toEqual([
      'route replace default via 192.0.2.254 dev eth0',
      'route replace 10.0.0.0/8 dev br',
      '-6 route replace fd01::/64 via fd00::2 dev eth0',
    ]);
  });

  test('a name with quotes could be read as another command', () => {
    expect(linesFor(link('a"b'))).toEqual([]);
  });
});
