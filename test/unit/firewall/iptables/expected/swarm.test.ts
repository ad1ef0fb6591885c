import { describe, expect, test } from 'vitest';
import type { Inventory, Swarm } from '../../../../../src/docker/inventory/inventory.ts';
import type { Settings } from '../../../../../src/docker/settings.ts';
import {
  bridgeNetwork,
  changes,
  defaultBridge,
  expectedOf,
  inventoryOf,
  NO_SWARM,
} from '../../../../support/recorded/inventories.ts';

const gwbridge = bridgeNetwork('docker_gwbridge', {
  id: 'e'.repeat(64),
  bridge: 'docker_gwbridge',
  options: { icc: 'false' },
});

/** What a swarm adds on a node that has its docker_gwbridge. */
function addedBy(
  version: string,
  swarm: Partial<Swarm>,
  settings: Partial<Settings> = {},
): readonly string[] {
  const rulesOf = (parts: Partial<Inventory>) =>
    expectedOf(inventoryOf(version, { networks: [defaultBridge(), gwbridge], ...parts }), {
      ip6tables: true,
      ...settings,
    });
  return changes(rulesOf({}), rulesOf({ swarm: { ...NO_SWARM, state: 'active', ...swarm } }));
}

/** One chain's rules of a node with a routing mesh, in order. */
function chainOf(version: string, chain: string, swarm: Partial<Swarm>, settings: Partial<Settings> = {}) {
  const inventory = inventoryOf(version, {
    networks: [defaultBridge(), gwbridge],
    swarm: { ...NO_SWARM, state: 'active', ...swarm },
  });
  const rules = expectedOf(inventory, settings).ipv4.tables.get('filter')?.chains.get(chain)?.rules ?? [];
  return rules.map(({ text }) => text.slice(`-A ${chain} `.length));
}

const LOCAL = '-m addrtype --dst-type LOCAL -j DOCKER-INGRESS';
const mesh = { meshAddress: '172.18.0.2', ingressPorts: [{ proto: 'tcp' as const, port: 8081 }] };

const meshRules = (jump: string, established: string): readonly string[] =>
  [
    'filter :DOCKER-INGRESS',
    'nat :DOCKER-INGRESS',
    `nat -A PREROUTING ${LOCAL}`,
    `nat -A OUTPUT ${LOCAL}`,
    'nat -A POSTROUTING -o docker_gwbridge -m addrtype --src-type LOCAL -j MASQUERADE',
    'nat -A DOCKER-INGRESS -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.18.0.2:8081',
    'nat -A DOCKER-INGRESS -j RETURN',
    `filter -A ${jump} -j DOCKER-INGRESS`,
    'filter -A DOCKER-INGRESS -p tcp -m tcp --dport 8081 -j ACCEPT',
    `filter -A DOCKER-INGRESS ${established} -j ACCEPT`,
    'filter -A DOCKER-INGRESS -j RETURN',
  ].map((line) => `+ 4 ${line}`);

const STATE = '-p tcp -m state --state RELATED,ESTABLISHED -m tcp --sport 8081';
const CONNTRACK = '-p tcp -m tcp --sport 8081 -m conntrack --ctstate RELATED,ESTABLISHED';

describe('the routing mesh', () => {
  test.each<[version: string, jump: string, established: string]>([
    ['18.09.9', 'FORWARD', STATE],
    ['20.10.24', 'FORWARD', STATE],
    ['24.0.9', 'FORWARD', STATE],
    ['25.0.0', 'FORWARD', CONNTRACK],
    ['27.5.1', 'FORWARD', CONNTRACK],
    ['28.0.0', 'FORWARD', CONNTRACK],
    ['28.0.1', 'DOCKER-FORWARD', CONNTRACK],
    ['29.0.0', 'DOCKER-FORWARD', CONNTRACK],
  ])('%s', (version, jump, established) => {
    expect([...addedBy(version, mesh)].sort()).toEqual([...meshRules(jump, established)].sort());
  });

  test.each<[version: string, chain: string, rules: readonly string[]]>([
    ['26.1.5', 'FORWARD', ['-j DOCKER-USER', '-j DOCKER-INGRESS', '-j DOCKER-ISOLATION-STAGE-1']],
    [
      '28.0.0',
      'FORWARD',
      [
        '-j DOCKER-USER',
        '-j DOCKER-INGRESS',
        '-m set --match-set docker-ext-bridges-v4 dst -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      ],
    ],
    ['28.0.1', 'FORWARD', ['-j DOCKER-USER', '-j DOCKER-FORWARD']],
    ['28.5.2', 'DOCKER-FORWARD', ['-j DOCKER-INGRESS', '-j DOCKER-CT', '-j DOCKER-ISOLATION-STAGE-1']],
    ['29.0.0', 'DOCKER-FORWARD', ['-j DOCKER-INGRESS', '-j DOCKER-CT', '-j DOCKER-INTERNAL']],
  ])('stands in its place · %s %s', (version, chain, rules) => {
    expect(chainOf(version, chain, mesh).slice(0, 3)).toEqual(rules);
  });

  test('needs no place beside a mark that is let through: neither takes what the other would', () => {
    const rules = chainOf('29.0.0', 'DOCKER-FORWARD', mesh, { acceptMark: '0x1' });
    expect(rules.slice(0, 2).sort()).toEqual(['-j DOCKER-INGRESS', '-m mark --mark 0x1 -j ACCEPT']);
    expect(rules[2]).toBe('-j DOCKER-CT');
  });

  test('calls for nothing before its sandbox stands, or without a port', () => {
    expect(addedBy('28.5.2', { ...mesh, meshAddress: undefined })).toEqual([]);
    expect(addedBy('28.5.2', { ...mesh, ingressPorts: [] })).toEqual([]);
  });

  test('of a worker, which is not told protocols, has its chains and jumps, and no port', () => {
    const worker = { meshAddress: '172.18.0.2', ingressPorts: [{ proto: undefined, port: 8081 }] };
    const ports = /--[sd]port/;
    expect([...addedBy('28.5.2', worker)].sort()).toEqual(
      meshRules('DOCKER-FORWARD', CONNTRACK)
        .filter((line) => !ports.test(line))
        .sort(),
    );
  });
});

const VNI = 4097;
const U32 = '-m udp --dport 4789 -m u32 --u32 "0x0>>0x16&0x3c@0xc&0xffffff00=0x100100"';
const OLD_BPF =
  '-m udp --dport 4789 -m bpf --bytecode "6,177 0 0 0,64 0 0 12,84 0 0 4294967040,21 1 0 1048832,6 0 0 0,6 0 0 4294967295"';
const BPF =
  '-m udp --dport 4789 -m bpf --bytecode "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4097,6 0 0 0,6 0 0 4294967295"';

const mark = (vxlan: string) => `mangle -A OUTPUT -p udp ${vxlan} -j MARK --set-xmark 0xd0c4e3/0xffffffff`;
const plainDrop = (vxlan: string) => `filter -A INPUT -p udp -m policy --dir in --pol none ${vxlan} -j DROP`;
const accept = (vxlan: string) => `filter -A INPUT -p udp -m policy --dir in --pol ipsec ${vxlan} -j ACCEPT`;
const anyDrop = (vxlan: string) => `filter -A INPUT -p udp ${vxlan} -j DROP`;

describe('encrypted overlays', () => {
  const encrypted = [{ network: 'secret', vni: VNI }];

  test.each<[version: string, settings: Partial<Settings>, rules: readonly string[]]>([
    ['18.09.9', {}, [mark(U32), accept(U32), anyDrop(U32)]],
    ['20.10.23', {}, [mark(U32), accept(U32), anyDrop(U32)]],
    ['20.10.24', {}, [mark(U32), plainDrop(U32), accept(U32)]],
    ['20.10.24', { overlayByBpf: true }, [mark(OLD_BPF), plainDrop(OLD_BPF), accept(OLD_BPF)]],
    ['23.0.2', {}, [mark(U32), accept(U32), anyDrop(U32)]],
    ['23.0.3', {}, [mark(U32), plainDrop(U32), accept(U32)]],
    ['24.0.0', {}, [mark(BPF), plainDrop(BPF), accept(BPF)]],
    ['25.0.0', {}, [mark(BPF), plainDrop(BPF)]],
    ['28.5.2', {}, [mark(BPF), plainDrop(BPF)]],
    ['29.0.0', {}, [mark(BPF), plainDrop(BPF)]],
  ])('%s %j', (version, settings, rules) => {
    const added = addedBy(version, { encrypted }, settings);
    expect([...added].sort()).toEqual(rules.map((rule) => `+ 4 ${rule}`).sort());
  });

  test('go over the port that the swarm was made with', () => {
    const added = addedBy('28.5.2', { encrypted, dataPort: 7777 });
    expect(added.every((line) => line.includes('--dport 7777 '))).toBe(true);
  });

  test('up to 20.10.23 what is encrypted passes before the rest is dropped', () => {
    const two = { encrypted: [...encrypted, { network: 'other', vni: 4098 }] };
    const verdicts = chainOf('20.10.23', 'INPUT', two).map((spec) => spec.replace(/.*0x(\w+)".*-j /, '$1 '));
    expect(verdicts).toEqual(['100100 ACCEPT', '100100 DROP', '100200 ACCEPT', '100200 DROP']);
  });
});
