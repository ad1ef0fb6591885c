import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PLAN, PUBLISHED_PORTS } from '../../../src/demo/hosts.ts';
import RECORDED from '../../../src/demo/recorded-answers.json' with { type: 'json' };
import { accountOf } from '../../support/recorded/observation.ts';

test("the demo's Engine answers what a real one answered", () => {
  const { version, networks, containers } = RECORDED;
  const Components = expect.arrayContaining([
    ...version.Components.map((one) => expect.objectContaining(one) as unknown),
  ]) as unknown;
  expect(accountOf('engine-28.5-plain')).toMatchObject({
    version: { ...version, Components },
    networks,
    containers,
  });
  expect(accountOf('engine-28.5-ports')).toMatchObject({ info: RECORDED.info });
});

test("and its containers are where the demo's are", () => {
  const [web] = RECORDED.containers;
  expect(web?.NetworkSettings.Networks.bridge).toMatchObject({ Gateway: PLAN.gateway, IPAddress: PLAN.web });
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

test("its rules are the sample's that the demo loads", () => {
  const sample = JSON.parse(readFileSync('baselines/engine-28.5-plain.json', 'utf8')) as {
    readonly engine: { readonly version: string };
  };
  expect(sample.engine.version).toBe(RECORDED.version.Version);
});
