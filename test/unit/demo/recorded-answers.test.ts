import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PLAN, PUBLISHED_PORTS } from '../../../src/demo/hosts.ts';
import BY_NFTABLES from '../../../src/demo/incidents/recorded-answers-nftables.json' with { type: 'json' };
import BY_IPTABLES from '../../../src/demo/incidents/recorded-answers.json' with { type: 'json' };
import TABLES from '../../../src/demo/incidents/recorded-tables.json' with { type: 'json' };
import { nftRecording } from '../../support/nftables/recordings.ts';
import { accountOf } from '../../support/recorded/observation.ts';

describe.each([
  ['iptables', BY_IPTABLES, 'engine-28.5-plain', 'engine-28.5-ports'],
  ['nftables', BY_NFTABLES, 'nftables-29.7/plain', 'nftables-29.7/plain'],
] as const)("the demo's Engine that writes with %s", (_, recorded, account, ofInfo) => {
  test('answers what a real one answered', () => {
    const { version, networks, containers } = recorded;
    const Components = expect.arrayContaining([
      ...version.Components.map((one) => expect.objectContaining(one) as unknown),
    ]) as unknown;
    expect(accountOf(account)).toMatchObject({ version: { ...version, Components }, networks, containers });
    expect(accountOf(ofInfo)).toMatchObject({ info: recorded.info });
  });

  test("has its containers where the demo's are", () => {
    const [web] = recorded.containers;
    expect(web?.NetworkSettings.Networks.bridge).toMatchObject({
      Gateway: PLAN.gateway,
      IPAddress: PLAN.web,
    });
    const published = web?.Ports.filter(({ IP }) => IP === '0.0.0.0').map(
      ({ PublicPort, PrivatePort, Type }) => ({
        protocol: Type,
        port: PublicPort,
        to: { host: PLAN.web, port: PrivatePort },
      }),
    );
    expect(published).toHaveLength(PUBLISHED_PORTS.length);
    expect(published).toEqual(expect.arrayContaining([...PUBLISHED_PORTS]));
  });
});

test("its rules are the sample's that the demo loads", () => {
  const sample = JSON.parse(readFileSync('baselines/engine-28.5-plain.json', 'utf8')) as {
    readonly engine: { readonly version: string };
  };
  expect(sample.engine.version).toBe(BY_IPTABLES.version.Version);
});

test('what it tells of a container, and the tables that the demo loads, are those recorded', () => {
  expect(accountOf('nftables-29.7/plain')).toMatchObject({ inspects: BY_NFTABLES.inspects });
  const { nftables } = JSON.parse(nftRecording('plain').json) as { readonly nftables: readonly unknown[] };
  expect(TABLES.nftables).toEqual(nftables.slice(1));
});
