import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Network } from '../../../src/docker/inventory/inventory.ts';
import { ownHost, type OwnedHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { FAMILIES } from '../../../src/net/family.ts';
import { validate } from '../../../src/generated/baseline.js';
import { ownBaseline } from '../../../src/firewall/iptables/desired/recorded-rules.ts';
import type { Baseline } from '../../../src/reconcile/baseline.ts';
import { compare } from '../../../src/firewall/iptables/compare/compare.ts';
import { unsoundness } from '../../../src/reconcile/soundness.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { digestOf } from '../../../src/digest.ts';
import { recording } from '../../support/recorded/recordings.ts';

const FOLDER = fileURLToPath(new URL('../../../baselines/', import.meta.url));
const SAMPLES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''))
  .sort();

const read = (name: string): unknown => JSON.parse(readFileSync(`${FOLDER}${name}.json`, 'utf8'));

/** What a recording saved, with the sample's bridges: Docker gives the same networks new ids each time. */
function recordedFor(name: string, networks: readonly Network[]): HostRules {
  const { text, networks: recorded } = recording(name);
  const bridges = new Map(networks.map((network) => [network.name, network.bridge]));
  const rename = (save: string): string =>
    recorded.reduce((all, network) => {
      const bridge = bridges.get(network.name);
      if (bridge === undefined) throw new Error(`${name} knows no network ${network.name}`);
      return network.bridge === '' ? all : all.replaceAll(` ${network.bridge} `, ` ${bridge} `);
    }, save);
  return { ipv4: parseSave(rename(text.ipv4)).ruleset, ipv6: parseSave(rename(text.ipv6)).ruleset };
}

test('there is one for every era, and the small one the demo plays', () => {
  expect(SAMPLES).toEqual(['engine-20.10', 'engine-26.1', 'engine-28.5', 'engine-28.5-plain']);
});

describe.each(SAMPLES)('%s', (name) => {
  const document = read(name) as Baseline & { readonly $schema: string; readonly digest: string };

  test('fits its schema, and its digest', () => {
    expect([validate(document), validate.errors]).toEqual([true, null]);
    const { $schema: _, digest, ...content } = document;
    expect(digestOf(JSON.stringify(content))).toBe(digest);
  });

  test('is trusted as it stands: every rule is whose it says', () => {
    const { owned, objections } = ownBaseline(document);
    expect(objections).toEqual([]);
    expect(owned.undecided).toEqual([]);
    expect(unsoundness(owned, document.engine?.networks)).toEqual([]);
  });

  // The ports of one container come in an order of Docker's mood, which is no drift.
  test('holds the rules that the recording of the same Engine and scenario holds, no more and no less', () => {
    const networks = document.engine?.networks ?? [];
    const base = ownBaseline(document).owned;
    const live = recordedFor(name, networks);
    const liveOwned = ownHost(live, { networks, settled: true });
    expect(Object.values(compare({ desired: base, live, liveOwned })).flat()).toEqual([]);
    const rules = ({ families }: OwnedHost): readonly string[] =>
      FAMILIES.flatMap((family) =>
        [...families[family]].flatMap(([table, chains]) =>
          [...chains.values()].flatMap((chain) => chain.rules.map(({ rule }) => `${family} ${table} ${rule.text}`)),
        ),
      ).sort();
    expect(rules(base)).toEqual(rules(liveOwned));
  });

  test('names neither the machine nor the kernel build it was recorded on', () => {
    expect(document.host).toMatch(/^docker-\d+\.\d+$/);
    expect(document.kernel).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
