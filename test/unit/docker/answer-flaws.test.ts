import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { shapeFlaw } from '../../../src/docker/inventory/answer-shape.ts';
import { inventoryFlaw } from '../../../src/docker/inventory/flaw.ts';
import { setUnsoundAside } from '../../../src/docker/inventory/set-aside.ts';
import { inventoryFrom } from '../../../src/docker/inventory/from-answers.ts';
import type { Answers } from '../../../src/docker/inventory/inventory.ts';
import { recordingNames } from '../../support/recorded/recordings.ts';

const answersOf = (name: string): Answers =>
  JSON.parse(readFileSync(new URL(`../../fixtures/${name}/engine.json`, import.meta.url), 'utf8')) as Answers;

/** Why an answer is refused, or what of it is set aside. */
function flawOf(answers: Answers): string | undefined {
  const refused = shapeFlaw(answers) ?? inventoryFlaw(inventoryFrom(answers));
  if (refused !== undefined) return refused;
  const [aside] = setUnsoundAside(inventoryFrom(answers)).setAside ?? [];
  return aside && `${aside.what}: ${aside.why}`;
}

test.each(recordingNames().filter((name) => 'info' in answersOf(name)))(
  'what the Engine of %s said is sound',
  (name) => {
    expect(flawOf(answersOf(name))).toBeUndefined();
  },
);

interface Raw {
  [field: string]: never;
}

/** The answers of an Engine with networks, ports and both families, one thing of them changed. */
function changed(change: (answers: Record<keyof Answers, never>, app: Raw, web: Raw) => void): Answers {
  const answers = answersOf('engine-28.5-ports') as unknown as Record<keyof Answers, never>;
  const networks = answers.networks as { Name: string }[];
  const containers = answers.containers as { Ports: unknown[]; NetworkSettings: { Networks: object } }[];
  const app = networks.find(({ Name }) => Name === 'app');
  const web = containers.find(
    ({ Ports, NetworkSettings }) => Ports.length > 0 && 'app' in NetworkSettings.Networks,
  );
  change(answers, app as unknown as Raw, web as unknown as Raw);
  return answers;
}

const option = (name: string, value: unknown) => (_: unknown, app: Raw) => {
  (app['Options'] as unknown as Record<string, unknown>)[name] = value;
};
const ipam = (config: unknown) => (_: unknown, app: Raw) => {
  (app['IPAM'] as unknown as Record<string, unknown>)['Config'] = config;
};
const inPort = (field: string, value: unknown) => (_: unknown, __: unknown, web: Raw) => {
  const [first] = web['Ports'] as unknown as Record<string, unknown>[];
  if (first !== undefined) first[field] = value;
};
const inApp = (field: string, value: unknown) => (_: unknown, __: unknown, web: Raw) => {
  const networks = (
    web['NetworkSettings'] as unknown as { Networks: Record<string, Record<string, unknown>> }
  ).Networks;
  if (networks['app'] !== undefined) networks['app'][field] = value;
};
const inNetwork = (field: string, value: unknown) => (_: unknown, app: Raw) => {
  (app as Record<string, unknown>)[field] = value;
};
const inContainer = (field: string, value: unknown) => (_: unknown, __: unknown, web: Raw) => {
  (web as Record<string, unknown>)[field] = value;
};
const answer = (name: keyof Answers, value: unknown) => (answers: Record<keyof Answers, unknown>) => {
  answers[name] = value;
};

const BRIDGE = 'com.docker.network.bridge.name';
const TRUSTED = 'com.docker.network.bridge.trusted_host_interfaces';
const MODE = 'com.docker.network.bridge.gateway_mode_ipv4';

describe('what no Engine says, and must not become part of a rule', () => {
  test.each<[what: string, change: Parameters<typeof changed>[0], told: RegExp]>([
    ...[
      'e+',
      'a b',
      '-j',
      '!eth0',
      'a/b',
      'a:b',
      'longer-than-fifteen',
      'br"x',
      'br\n-A',
      'é',
      '.',
      '..',
      '*',
    ].map((name): [string, Parameters<typeof changed>[0], RegExp] => [
      `a bridge named ${JSON.stringify(name)}`,
      option(BRIDGE, name),
      /network app: its bridge .* is no interface/,
    ]),
    ['a bridge that is another network’s', option(BRIDGE, 'docker0'), /two networks are on its bridge/],
    ['a bridge that is a number', option(BRIDGE, 7), /Options\.\S+ is 7, which is no text/],
    ['everything trusted', option(TRUSTED, 'eth0:+'), /network app: it trusts ""/],
    ['two names trusted as one', option(TRUSTED, 'eth0 eth1'), /it trusts "eth0 eth1"/],
    [
      'an unknown gateway mode',
      option(MODE, 'open'),
      /its option \S+gateway_mode_ipv4 is "open", which no Engine takes/,
    ],
    [
      'an address of the host that is an option',
      option('com.docker.network.host_ipv4', '1.2.3.4 --random'),
      /the host's address/,
    ],
    ['a subnet of everything', ipam([{ Subnet: '0.0.0.0/0' }]), /its subnet "0\.0\.0\.0\/0"/],
    ['a subnet without a length', ipam([{ Subnet: '10.0.0.1' }]), /its subnet "10\.0\.0\.1"/],
    ['a subnet with an octal number', ipam([{ Subnet: '010.0.0.0/8' }]), /its subnet "010/],
    [
      'a gateway of another network',
      ipam([{ Subnet: '172.18.0.0/16', Gateway: '192.0.2.1' }]),
      /its gateway "192\.0\.2\.1"/,
    ],
    ['IPAM that is a text', ipam('172.18.0.0/16'), /Config is "172\.18\.0\.0\/16", which is no list/],
    ['a foreign address', inApp('IPAddress', '198.51.100.7'), /is outside of its network app/],
    [
      'an address with a length',
      inApp('IPAddress', '172.18.0.2/0'),
      /its address "172\.18\.0\.2\/0" is none/,
    ],
    ['an address that is a list', inApp('IPAddress', ['172.18.0.2']), /is a list, which is no text/],
    [
      'an IPv4 address as its IPv6',
      inApp('GlobalIPv6Address', '172.18.0.2'),
      /its address "172\.18\.0\.2" is none/,
    ],
    ['a port beyond all', inPort('PublicPort', 65_536), /PublicPort is 65536, which is no port/],
    ['half a port', inPort('PrivatePort', 80.5), /PrivatePort is 80\.5/],
    ['a port as text', inPort('PublicPort', '80'), /PublicPort is "80"/],
    ['no port', inPort('PrivatePort', undefined), /PrivatePort is missing/],
    ['another protocol', inPort('Type', 'all'), /Type is "all", which is no protocol/],
    ['a host address that is a block', inPort('IP', '0.0.0.0/0'), /publishes a port on "0\.0\.0\.0\/0"/],
    ['a host address that is a name', inPort('IP', 'localhost'), /publishes a port on "localhost"/],
    ['ports that are an object', inContainer('Ports', {}), /Ports is an object, which is no list/],
    ['an id that leads elsewhere', inContainer('Id', '../../v1.41/info'), /Id is "\.\.\/.*which is no id/],
    ['an id that every object has', inContainer('Id', '__proto__'), /which is no id/],
    ['a network’s id with a line break', inNetwork('Id', 'a\r\nb'), /which is no id/],
    [
      'whether it is internal as text',
      inNetwork('Internal', 'false'),
      /Internal is "false", which is no yes or no/,
    ],
    ['a network that is null', (answers) => (answers.networks as unknown[]).push(null), /\[\d+\] is missing/],
    ['no networks at all', answer('networks', []), /not the networks host and none/],
    ['no containers', answer('containers', null), /containers\/json → the answer is missing/],
    [
      'a swarm’s port that is none',
      answer('info', { Swarm: { Cluster: { DataPathPort: -1 } } }),
      /DataPathPort is -1/,
    ],
    [
      'a version without an end',
      answer('version', { Version: 'x'.repeat(1000) }),
      /more than 200 characters/,
    ],
  ])('%s', (_, change, told) => {
    expect(flawOf(changed(change))).toMatch(told);
  });

  test('nor does how deep or long it is break the telling', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(400_000)}${']'.repeat(400_000)}`);
    expect(flawOf(changed(option(BRIDGE, deep)))).toMatch(/is a list, which is no text/);
    expect(flawOf(changed(option(BRIDGE, 'x'.repeat(100_000))))?.length).toBeLessThan(300);
  });

  test('a port 0 that an image exposes is none, and no flaw', () => {
    expect(flawOf(changed(inPort('PrivatePort', 0)))).toBeUndefined();
  });

  test('an empty name of a bridge is none, as for docker', () => {
    expect(flawOf(changed(option(BRIDGE, '')))).toBeUndefined();
  });
});
