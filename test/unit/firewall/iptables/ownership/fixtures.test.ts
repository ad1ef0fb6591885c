import { describe, expect, test } from 'vitest';
import { ownHost } from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import type { Level } from '../../../../../src/firewall/iptables/ownership/purpose.ts';
import { FAMILIES } from '../../../../../src/net/family.ts';
import { recording, recordingNames } from '../../../../support/recorded/recordings.ts';
import { ownedRules } from './verdict.ts';

const count = (name: string, level: Level): number =>
  ownedRules(recording(name).owned).filter((rule) => rule.level === level).length;

describe.each(recordingNames())('everything the Engine of %s wrote is Docker’s', (name) => {
  const { host, networks, owned } = recording(name);

  test.each([
    ['from the text alone', {}],
    ["with the Engine's networks", { networks, settled: true }],
    ["with a baseline's networks", { networks }],
  ])('%s', (_, knowledge) => {
    const verdicts = ownHost(host, knowledge);
    for (const family of FAMILIES) {
      for (const table of host[family].tables.values()) {
        for (const chain of table.chains.values()) {
          const rules = verdicts.families[family].get(table.name)?.get(chain.name)?.rules ?? [];
          expect(rules.map(({ rule }) => rule.text)).toEqual(chain.rules.map((rule) => rule.text));
          const foreign = rules.filter(({ owner }) => owner !== 'docker').map(({ rule }) => rule.text);
          expect(foreign).toEqual([]);
        }
      }
    }
    expect(verdicts.undecided).toEqual([]);
  });

  test('every rule has a shape and a level, and every chain of Docker’s is known', () => {
    const bare = ownedRules(owned).filter(({ shape, level }) => shape === undefined || level === undefined);
    expect(bare.map(({ rule }) => rule.text)).toEqual([]);
    const chains = FAMILIES.flatMap((family) =>
      [...owned.families[family].values()].flatMap((table) => [...table.values()]),
    );
    expect(chains.filter((chain) => chain.unknown)).toEqual([]);
    for (const chain of chains) {
      expect([chain.name, chain.owner]).toEqual([chain.name, ownerByName(chain.name, chain.builtin)]);
    }
  });
});

function ownerByName(chain: string, builtin: boolean): string {
  if (chain === 'DOCKER-USER') return 'shared';
  return builtin ? 'foreign' : 'docker';
}

describe('levels follow what the recording holds', () => {
  test.each<[name: string, published: number]>([
    // One container with 80/tcp and 5353/udp: DNAT, ACCEPT and (before 28) hairpin per port; from 28.2 a raw DROP per endpoint.
    ['engine-20.10-plain', 6],
    ['engine-26.1-plain', 6],
    ['engine-28.5-plain', 5],
  ])('%s: %i rules hang on its endpoint', (name, published) => {
    expect(count(name, 'endpoint')).toBe(published);
  });

  test.each<[name: string, networks: number]>([
    // The default bridge before 28: four rules in FORWARD, two isolating it, MASQUERADE and RETURN in nat.
    ['engine-20.10-plain', 8],
    ['engine-26.1-plain', 8],
    ['engine-28.5-plain', 8],
  ])('%s: %i rules hang on its network', (name, networks) => {
    expect(count(name, 'network')).toBe(networks);
  });

  test('no rule of the routing mesh or an encrypted overlay where neither was set up', () => {
    const others = recordingNames().filter((name) => !/-mesh(?:-ipvs)?$/.test(name));
    for (const name of others)
      expect([name, count(name, 'ingress') + count(name, 'overlay')]).toEqual([name, 0]);
  });
});

describe('captures name what a rule is about', () => {
  const published = ownedRules(recording('engine-28.5').owned).filter(({ shape }) => shape?.id === 'dnat');

  test.each<[hostPort: string, captures: Readonly<Record<string, string>>]>([
    ['8080', { proto: 'tcp', ip: '172.17.0.2', port: '80', bridge: 'docker0' }],
    ['9001', { proto: 'tcp', ip: '172.18.0.2', port: '9001', hostIp: '127.0.0.1' }],
    ['9443', { proto: 'tcp', ip: '172.18.0.3', port: '443', hostIp: '192.0.2.10' }],
    ['5353', { proto: 'udp', ip: '172.18.0.2', port: '5353' }],
  ])('the DNAT of host port %s', (hostPort, captures) => {
    const found = published.filter(
      (rule) => rule.captures?.hostPort === hostPort && !rule.captures.ip?.includes(':'),
    );
    expect(found.map((rule) => rule.captures)).toMatchObject([captures]);
  });
});
