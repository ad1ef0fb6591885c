import { describe, expect, test } from 'vitest';
import { changedNetwork, type NetworkBeside } from '../../../src/reach/change/network.ts';
import type { NetworkLink, Route } from '../../../src/trace/network-state.ts';

const link = (name: string, fields: Partial<NetworkLink> = {}): NetworkLink => ({
  ...{ name, index: 1, peerIndex: 0, kind: '', master: '', up: true, carrier: true, mtu: 1500, mac: '' },
  ...{ portState: '', addresses: [] },
  ...fields,
});
const route = (to: string, dev: string, flags: readonly string[] = []): Route => ({
  ...{ family: 'ipv4', table: 'main', type: 'unicast', to, via: '', dev, metric: 0, prefSource: '', flags },
});

const HOST: NetworkBeside = {
  sets: new Map(),
  natives: [{ table: 'inet firewalld', text: 'kept by its owner' }],
  links: [link('eth0'), link('docker0')],
  routes: [route('192.0.2.0/24', 'eth0'), route('172.17.0.0/16', 'docker0')],
  routeRules: [],
  sysctls: new Map([
    ['ipv4/ip_forward', '1'],
    ['ipv4/conf/all/forwarding', '1'],
    ['ipv4/conf/eth0/forwarding', '1'],
    ['netfilter/nf_conntrack_count', '7'],
  ]),
};
/** A sandbox: its interfaces are stand-ins without a carrier, and what others own is not there. */
const COPY: NetworkBeside = {
  ...HOST,
  natives: [],
  links: HOST.links.map((one) => ({ ...one, carrier: false })),
  routes: HOST.routes.map((one) => ({ ...one, flags: ['linkdown'] })),
};

describe('a host after what a command did in a copy of its network', () => {
  test('nothing: the host as it is', () => {
    const { network, changes } = changedNetwork(HOST, COPY, {
      ...COPY,
      sysctls: new Map([...COPY.sysctls, ['netfilter/nf_conntrack_count', '9']]),
    });
    expect(network).toEqual(HOST);
    expect(changes).toEqual([]);
  });

  test('a setting and those that follow it: told once, with the way back', () => {
    const sysctls = new Map([...COPY.sysctls.keys()].map((path) => [path, '0'] as const));
    const { network, changes, undo, isRolledBack } = changedNetwork(HOST, COPY, { ...COPY, sysctls });
    expect(network.sysctls.get('ipv4/conf/eth0/forwarding')).toBe('0');
    expect(changes).toEqual(['net.ipv4.ip_forward = 0']);
    expect(undo).toEqual({ commands: ['sysctl -w net.ipv4.ip_forward=1'], isWhole: true });
    expect(isRolledBack).toBe(false);
  });

  test('an interface goes down: without a carrier, and without its route', () => {
    const { network, changes } = changedNetwork(HOST, COPY, {
      ...COPY,
      links: COPY.links.map((one) => (one.name === 'docker0' ? { ...one, up: false } : one)),
      routes: COPY.routes.slice(0, 1),
    });
    expect(network.links).toEqual([link('eth0'), link('docker0', { up: false, carrier: false })]);
    expect(network.routes).toEqual([route('192.0.2.0/24', 'eth0')]);
    expect(changes).toEqual(['interface docker0 down', 'route gone: 172.17.0.0/16 dev docker0']);
  });

  test('a table of nftables’ own comes beside those the copy never had', () => {
    const added = { table: 'inet x', text: 'table inet x {}' };
    const { network, isRolledBack } = changedNetwork(HOST, COPY, { ...COPY, natives: [added] });
    expect(network.natives).toEqual([...(HOST.natives ?? []), added]);
    expect(isRolledBack).toBe(true);
  });

  test('a port of a bridge: whom that concerns is not followed', () => {
    const port = link('veth1', { master: 'docker0', portState: 'forwarding' });
    const before = { ...COPY, links: [...COPY.links, port] };
    const after = { ...COPY, links: [...COPY.links, { ...port, up: false }] };
    expect(changedNetwork(HOST, before, after).unjudged).toEqual(['interface veth1 down']);
  });

  test.each<[string, string, readonly string[]]>([
    ['no chain', '', ['nftables table ip x']],
    ['a chain that nothing leads to', '\tchain c {\n\t\tdrop\n\t}\n', ['nftables table ip x']],
    ['a chain on a hook', '\tchain c {\n\t\ttype filter hook forward priority 0; policy drop;\n\t}\n', []],
  ])('a table of nftables with %s: whether packets get to it', (_, text, idle) => {
    const natives = [{ table: 'ip x', text }];
    expect(changedNetwork(HOST, COPY, { ...COPY, natives }).idle).toEqual(idle);
    // Nor is it no change where it goes.
    expect(changedNetwork(HOST, { ...COPY, natives }, COPY).idle).toEqual(idle);
  });
});
