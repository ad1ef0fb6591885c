import { expect, test } from 'vitest';
import { eraOf } from '../../../../../src/docker/era.ts';
import type { Inventory, LiveNetwork } from '../../../../../src/docker/inventory/inventory.ts';
import type { Settings } from '../../../../../src/docker/settings.ts';
import { ownHost, type OwnedRule } from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import {
  isWrittenIn,
  PURPOSES,
  type PurposeId,
} from '../../../../../src/firewall/iptables/ownership/purpose.ts';
import { FAMILIES } from '../../../../../src/net/family.ts';
import {
  bridgeNetwork,
  defaultBridge,
  endpointOn,
  expectedOf,
  inventoryOf,
  NO_SWARM,
  publish,
  type Option,
} from '../../../../support/recorded/inventories.ts';

/** At least one of each era. */
const VERSIONS = [
  ...['18.09.9', '20.10.23', '20.10.24', '23.0.3', '24.0.9', '26.1.5', '27.5.1'],
  ...['28.0.0', '28.0.1', '28.1.1', '28.2.0', '28.5.2', '29.0.0', '29.7.2'],
];

const KINDS: Readonly<Record<string, Partial<Record<Option, string>>>> = {
  plain: {},
  quiet: { masquerade: 'false' },
  routed: { mode4: 'routed', mode6: 'routed' },
  unprotected: { mode4: 'nat-unprotected', mode6: 'nat-unprotected' },
  trusting: { trusted: 'eth1' },
  snat: { hostIpv4: '192.0.2.7' },
};

/** A host with one of everything that writes rules. */
function richInventory(version: string): Inventory {
  const docker0 = defaultBridge({ options: { icc: 'false' } });
  const networkAt = (name: string, i: number, given: Parameters<typeof bridgeNetwork>[1]): LiveNetwork =>
    bridgeNetwork(
      name,
      {
        id: String(i).repeat(64),
        ipv6: true,
        subnets: [`172.2${String(i)}.0.0/16`, `fd00:${String(i)}::/64`],
        ...given,
      },
      version,
    );
  const kinds = Object.entries(KINDS).map(([name, options], i) => networkAt(name, i + 1, { options }));
  const internal = networkAt('inside', 8, { internal: true });
  const shy = networkAt('shy', 9, { internal: true, options: { icc: 'false' } });
  const api = endpointOn(docker0, 'api', '172.17.0.2');
  const db = endpointOn(docker0, 'db', '172.17.0.3');
  const ends = kinds.map((network, i) =>
    endpointOn(network, network.name, `172.2${String(i + 1)}.0.2`, `fd00:${String(i + 1)}::2`),
  );
  const routed = ends.find(({ network }) => network === 'routed');
  return inventoryOf(version, {
    networks: [docker0, ...kinds, internal, shy],
    endpoints: [api, db, ...ends],
    ports: [
      publish(api, '127.0.0.1:8080->80/tcp'),
      publish(api, '0.0.0.0:9->9/sctp'),
      ...ends.flatMap((end) =>
        end === routed
          ? [publish(end, '0.0.0.0->80/tcp')]
          : [publish(end, '0.0.0.0:8443->443/tcp'), publish(end, '[::]:8443->443/tcp')],
      ),
    ],
    links: [{ bridge: 'docker0', parent: api, child: db, proto: 'tcp', port: 5432 }],
    swarm: {
      ...NO_SWARM,
      state: 'active',
      meshAddress: '172.18.0.9',
      ingressPorts: [{ proto: 'tcp', port: 8081 }],
      encrypted: [{ network: 'secret', vni: 4097 }],
    },
  });
}

const SETTINGS: readonly Partial<Settings>[] = [
  { ip6tables: true },
  { ip6tables: true, userlandProxy: false, sctpChecksum: true, acceptMark: '0x1' },
];

const writtenBy = (version: string): readonly OwnedRule[] =>
  SETTINGS.flatMap((settings) => {
    const inventory = richInventory(version);
    const { families } = ownHost(expectedOf(inventory, settings), {
      networks: inventory.networks,
      settled: true,
    });
    return FAMILIES.flatMap((family) =>
      [...families[family].values()].flatMap((chains) => [...chains.values()].flatMap(({ rules }) => rules)),
    );
  });

const written: readonly OwnedRule[] = VERSIONS.flatMap(writtenBy);

const purposesBy = (declared: 'expected' | 'partly' | 'never'): readonly string[] =>
  Object.entries(PURPOSES)
    .filter(([, purpose]) => purpose.written === declared)
    .map(([id]) => id)
    .sort();

test('exactly the purposes declared as expected are written, and of the others at most those declared as partly', () => {
  const found = new Set<PurposeId>(written.flatMap(({ shape }) => shape?.id ?? []));
  const partly = new Set(purposesBy('partly'));
  expect([...found].filter((id) => !partly.has(id)).sort()).toEqual(purposesBy('expected'));
});

test("every rule it writes is recognised as one of Docker's, by its purpose", () => {
  const strangers = written.filter(({ owner, shape }) => owner === 'foreign' || shape === undefined);
  expect(strangers.map(({ rule }) => rule.text)).toEqual([]);
});

test.each(VERSIONS)('%s writes no rule of a purpose that it is declared not to write', (version) => {
  const era = eraOf(version);
  if (era === undefined) throw new Error(`no era has ${version}`);
  const found = new Set<PurposeId>(writtenBy(version).flatMap(({ shape }) => shape?.id ?? []));
  expect([...found].filter((id) => !isWrittenIn(id, era))).toEqual([]);
});
