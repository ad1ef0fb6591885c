import { describe, expect, test } from 'vitest';
import { inventoryFrom } from '../../../src/docker/inventory/from-answers.ts';
import type { Answers, Inventory } from '../../../src/docker/inventory/inventory.ts';

type Json = Readonly<Record<string, unknown>>;

const from = (answers: Partial<Answers>): Inventory =>
  inventoryFrom({ version: {}, info: {}, networks: [], containers: [], ...answers });

describe('a swarm', () => {
  const ACTIVE = { Swarm: { LocalNodeState: 'active', ControlAvailable: true } };
  const service = (name: string, ...Ports: readonly Json[]): Json => ({
    Spec: { Name: name },
    Endpoint: { Ports },
  });
  const port = (PublishedPort: number, Protocol: string, PublishMode = 'ingress'): Json => ({
    PublishedPort,
    Protocol,
    PublishMode,
    TargetPort: 1,
  });
  const served = (names: Readonly<Record<string, readonly number[]>>): Json => ({
    Services: Object.fromEntries(
      Object.entries(names).map(([name, ports]) => [
        name,
        { Ports: ports.map((one) => `Target: 1, Publish: ${String(one)}`) },
      ]),
    ),
  });
  const mesh = (services: readonly Json[] | undefined, ingress: Json | undefined) =>
    from({ info: ACTIVE, services, ingress }).swarm.ingressPorts.map(
      ({ port: number, proto }) => `${String(number)}/${String(proto)}`,
    );

  test('a port that services publish and the mesh does not serve is known', () => {
    const services = [
      service('a', port(80, 'tcp')),
      service('b', port(9000, 'tcp'), port(80, 'udp'), port(9001, 'tcp', 'host')),
    ];
    const { swarm } = from({ info: ACTIVE, services, ingress: served({ a: [80] }) });
    expect(swarm.unservedPorts).toEqual([
      { port: 9000, proto: 'tcp' },
      { port: 80, proto: 'udp' },
    ]);
  });

  test.each<
    [what: string, services: readonly Json[] | undefined, ingress: Json | undefined, told: readonly string[]]
  >([
    ['a manager', [service('a', port(80, 'tcp'))], served({ a: [80] }), ['80/tcp']],
    [
      'two protocols on one port',
      [service('a', port(53, 'tcp'), port(53, 'udp'))],
      served({ a: [53, 53] }),
      ['53/tcp', '53/udp'],
    ],
    ['published on the host only', [service('a', port(80, 'tcp', 'host'))], served({}), []],
    ['no task yet', [service('a', port(80, 'tcp'))], served({ '': [] }), []],
    ['not published at all', [], served({ a: [0] }), []],
    ['a worker is told no protocol', undefined, served({ a: [80] }), ['80/undefined']],
    ['the mesh network is gone', [service('a', port(80, 'tcp'))], undefined, ['80/tcp']],
  ])('%s', (_, services, ingress, told) => {
    expect(mesh(services, ingress)).toEqual(told);
  });

  const secret = (
    list: string,
    Options: Json = { encrypted: '' },
    subnets = ['10.0.1.0/24', '10.0.2.0/24'],
  ): Json => ({
    Id: 'secret',
    Name: 'secret',
    Driver: 'overlay',
    IPAM: { Config: subnets.map((Subnet) => ({ Subnet })) },
    Options: { 'com.docker.network.driver.overlay.vxlanid_list': list, ...Options },
  });

  test.each<[what: string, network: Json, address: string | undefined, vnis: readonly number[]]>([
    ['used here', secret('4097'), '10.0.1.5', [4097]],
    ['not used here', secret('4097'), undefined, []],
    ['whatever the option says', secret('4097', { encrypted: 'false' }), '10.0.1.5', [4097]],
    ['not encrypted', secret('4097', {}), '10.0.1.5', []],
    ['the subnet that is used', secret('4097,4098'), '10.0.2.5', [4098]],
  ])('an encrypted overlay: %s', (_, network, address, vnis) => {
    const containers =
      address === undefined
        ? []
        : [{ NetworkSettings: { Networks: { secret: { NetworkID: 'secret', IPAddress: address } } } }];
    const { encrypted } = from({ info: ACTIVE, networks: [network], containers }).swarm;
    expect(encrypted).toEqual(vnis.map((vni) => ({ network: 'secret', vni })));
  });

  test('another port for the overlays, which only managers are told', () => {
    expect(from({ info: ACTIVE }).swarm).toMatchObject({ state: 'active', manager: true, dataPort: 4789 });
    const info = { Swarm: { ...ACTIVE.Swarm, Cluster: { DataPathPort: 4790 } } };
    expect(from({ info }).swarm.dataPort).toBe(4790);
    expect(from({ info: { Swarm: { Cluster: { DataPathPort: 0 } } } }).swarm.dataPort).toBe(4789);
    expect(from({ info: { Swarm: { NodeAddr: '192.0.2.1' } } }).swarm.nodeAddress).toBe('192.0.2.1');
    expect('nodeAddress' in from({ info: { Swarm: { NodeAddr: '' } } }).swarm).toBe(false);
  });
});
