import { describe, expect, test } from 'vitest';
import type { Packet } from '../../../src/trace/packet.ts';
import { makePacket } from '../../../src/trace/packet.ts';
import type { NetworkState } from '../../../src/trace/network-state.ts';
import { tracePath } from '../../../src/trace/trace.ts';
import { recording, type Recording } from '../../support/recorded/recordings.ts';
import { GROUND, inside, link, outside, route, told } from './network.ts';

/** The machine a recording was made on: its rules, and a bridge and a route for each of its networks. */
function machineOf({ host, networks }: Recording): NetworkState {
  const bridges = networks.flatMap(({ bridge, gateways, subnets }) => {
    const [subnet] = subnets.filter((one) => !one.includes(':'));
    if (bridge === '' || subnet === undefined) return [];
    // Engine 20.10 does not say its default bridge's.
    const gateway = gateways.find((one) => !one.includes(':')) ?? subnet.replace(/0\/\d+$/, '1');
    return [{ bridge, subnet, gateway }];
  });
  return {
    ...GROUND,
    rulesets: [{ variant: 'nft', rules: host }],
    links: [
      ...GROUND.links.filter(({ kind }) => kind !== 'bridge'),
      ...bridges.map(({ bridge, subnet, gateway }) =>
        link(bridge, [`${gateway}/${subnet.split('/')[1] ?? ''}`], { kind: 'bridge' }),
      ),
    ],
    routes: [
      route('0.0.0.0/0', 'eth0', '192.0.2.2'),
      route('192.0.2.0/24', 'eth0'),
      ...bridges.map(({ bridge, subnet }) => route(subnet, bridge)),
    ],
  };
}

describe.each(['engine-20.10', 'engine-26.1', 'engine-28.5'])('%s', (name) => {
  const recorded = recording(name);
  const machine = machineOf(recorded);
  const network = (wanted: string) => {
    const found = recorded.networks.find((one) => one.name === wanted);
    if (found === undefined) throw new Error(`${name} has no network ${wanted}`);
    return found;
  };
  const bridge = recorded.networks.find(({ subnets }) => subnets.includes('172.18.0.0/16'))?.bridge ?? '';
  const iccOff = recorded.networks.find(({ icc }) => !icc);
  const end = (packet: Packet): string => told(tracePath(packet, machine)).replaceAll(bridge, 'BRIDGE');

  test('a published port from outside', () => {
    expect(end(outside({ destinationPort: 8080 }))).toBe('sent docker0 192.0.2.2 → 172.17.0.2:80');
  });

  test('one that is not published', () => {
    expect(end(outside({ destinationPort: 8079 }))).toBe('local 192.0.2.1:8079');
  });

  test('the container itself from outside, past its port', () => {
    expect(end(outside({ destination: '172.17.0.2', destinationPort: 22 }))).toMatch(
      /^stopped \S+ \S+ DROP$/,
    );
  });

  test('a published port from the machine itself', () => {
    const packet = makePacket({
      family: 'ipv4',
      source: '',
      destination: '192.0.2.1',
      destinationPort: 8080,
    });
    expect(end(packet)).toBe('sent docker0 192.0.2.1 → 172.17.0.2:80');
  });

  test('a container by the machine itself', () => {
    const packet = makePacket({ family: 'ipv4', source: '', destination: '172.17.0.2' });
    expect(end(packet)).toBe('sent docker0 172.17.0.1 → 172.17.0.2:80');
  });

  test('from a container outside', () => {
    expect(end(inside())).toBe('sent eth0 192.0.2.1 → 203.0.113.5:80');
  });

  test('from a container to one of the same network', () => {
    expect(end(inside({ destination: '172.17.0.3' }))).toBe('sent docker0 172.17.0.2 → 172.17.0.3:80');
  });

  test('from a container to one of another network', () => {
    expect(end(inside({ destination: '172.18.0.2', destinationPort: 22 }))).toMatch(/^stopped \S+ \S+ DROP$/);
  });

  test('between containers of a network without inter-container traffic', () => {
    const own = network(iccOff?.name ?? '');
    const [subnet = ''] = own.subnets;
    const address = (last: number): string => subnet.replace(/\.0\/\d+$/, `.${String(last)}`);
    const packet = makePacket({
      ...{ family: 'ipv4', source: address(2), destination: address(3), inInterface: own.bridge },
    });
    expect(told(tracePath(packet, machine))).toMatch(/^stopped filter \S+ DROP$/);
  });

  test('nothing of it is unknown, and every step of a rule carries it', () => {
    const { steps } = tracePath(outside({ destinationPort: 8080 }), machine);
    const rules = steps.filter(({ rule }) => rule !== undefined);
    expect(rules.length).toBeGreaterThan(3);
    expect(rules.every(({ rule }) => /^\d+:\d+$/.test(rule?.counters ?? ''))).toBe(true);
  });
});
