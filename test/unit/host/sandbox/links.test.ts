import { describe, expect, test } from 'vitest';
import { linkBatch, routingBatch } from '../../../../src/host/sandbox/links.ts';

const link = (ifname: string, more: object = {}): object => ({
  ifname,
  flags: ['BROADCAST', 'UP'],
  address: '02:42:ac:11:00:02',
  addr_info: [],
  ...more,
});
const linesFor = (...links: readonly object[]): readonly string[] =>
  linkBatch(links, 'dummy').trim().split('\n').slice(1);

describe('the host’s interfaces in a sandbox', () => {
  test('loopback is up, and not made', () => {
    expect(linkBatch([link('lo')], 'dummy')).toBe('link set dev lo up\n');
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
    expect(linkBatch([link('eth0', { address: '', flags: [] })], 'bridge')).toContain(
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

  test('a port of a bridge is one there too', () => {
    const port = link('veth1', { master: 'docker0', linkinfo: { info_slave_kind: 'bridge' } });
    const bridge = link('docker0', { linkinfo: { info_kind: 'bridge' } });
    expect(linesFor(port, bridge).at(-1)).toBe('link set dev veth1 master docker0');
    expect(linkBatch([port, bridge], 'bridge')).not.toContain('master');
  });

  test('the other end of a line between two', () => {
    const addr_info = [{ local: '10.0.0.1', address: '10.0.0.2', prefixlen: 32 }];
    expect(linesFor(link('tun0', { flags: [], addr_info })).slice(1)).toEqual([
      'address replace 10.0.0.1 peer 10.0.0.2/32 dev tun0',
    ]);
  });

  test('routes but for those the kernel makes with the addresses', () => {
    const routes = [
      'default via 192.0.2.254 dev eth0',
      '192.0.2.0/24 dev eth0 proto kernel scope link',
      '10.0.0.0/8 dev br linkdown',
      'blackhole default table 71',
      String.raw`10.9.0.0/16 \	nexthop via 192.0.2.3 dev eth0 weight 1 \	nexthop via 192.0.2.4 dev eth0 weight 1`,
    ];
    expect(
      routingBatch(`${routes.join('\n')}\n`, '')
        .trim()
        .split('\n'),
    ).toEqual([
      'rule flush',
      'route replace default via 192.0.2.254 dev eth0',
      'route replace 10.0.0.0/8 dev br',
      'route replace blackhole default table 71',
      'route replace 10.9.0.0/16  	nexthop via 192.0.2.3 dev eth0 weight 1  	nexthop via 192.0.2.4 dev eth0 weight 1',
    ]);
  });

  test('routing rules but for the first, which stays', () => {
    const rules = [
      '0:	from all lookup local',
      '5270:	not from all fwmark 0x711e lookup 71',
      '10:	from all iif gone [detached] lookup 5',
      '32766:	from all lookup main',
    ];
    expect(
      routingBatch('', `${rules.join('\n')}\n`)
        .trim()
        .split('\n'),
    ).toEqual([
      'rule flush',
      'rule add pref 5270 not from all fwmark 0x711e lookup 71',
      'rule add pref 10 from all iif gone lookup 5',
      'rule add pref 32766 from all lookup main',
    ]);
  });

  test('a name with quotes could be read as another command', () => {
    expect(linesFor(link('a"b'))).toEqual([]);
  });
});
