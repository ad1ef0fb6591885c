import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { factsOf } from '../../../src/docker/daemon-facts.ts';
import { eraOf } from '../../../src/docker/era.ts';
import { intentOf } from '../../../src/docker/intent/intent.ts';
import { inventoryFrom } from '../../../src/docker/inventory/from-answers.ts';
import { namedAddresses, type Answers, type Inventory } from '../../../src/docker/inventory/inventory.ts';
import { settingsFrom, type Settings, type SettingsInRules } from '../../../src/docker/settings.ts';
import type { TableTerms } from '../../../src/firewall/nftables/compare/chain.ts';
import { expectedTables } from '../../../src/firewall/nftables/expected/expected.ts';
import type { NftTable } from '../../../src/firewall/nftables/tables/model.ts';
import { parseNftTables } from '../../../src/firewall/nftables/tables/parse.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/nftables-29.7/', import.meta.url));

/** What an Engine 29.7.2 that writes with nftables kept, and what it said of itself. */
export interface NftRecording {
  /** `nft -j list ruleset`, as it was printed. */
  readonly json: string;
  readonly tables: readonly NftTable[];
  readonly inventory: Inventory;
  /** By the daemon's own words. */
  readonly settings: Settings;
}

/** The names of all recordings: scenarios of test/fixtures/README.md. */
export const nftRecordings = (): readonly string[] => readdirSync(FIXTURES);

/** No rule shows anything. */
const NOTHING_SHOWN: SettingsInRules = {
  userlandProxy: () => undefined,
  ip6tables: () => false,
  acceptMark: () => undefined,
  overlayByBpf: () => undefined,
};

/** What the Engine of a recording said of itself. */
export const nftAccount = (name: string): Answers & { readonly daemonArgs: readonly string[] } =>
  JSON.parse(readFileSync(`${FIXTURES}${name}/engine.json`, 'utf8')) as ReturnType<typeof nftAccount>;

/** One recording, parsed. */
export function nftRecording(name: string): NftRecording {
  const json = readFileSync(`${FIXTURES}${name}/nft.json`, 'utf8');
  const account = nftAccount(name);
  const inventory = inventoryFrom(account);
  const environment = new Map([['PATH', '/usr/bin']]);
  const facts = factsOf({ args: account.daemonArgs, environment, readConfig: () => ({}) });
  const settings = settingsFrom({ inventory, facts, rules: NOTHING_SHOWN });
  return { json, tables: parseNftTables(json, name), inventory, settings };
}

/** The tables that an Engine of this inventory requires. */
export function requiredTables(inventory: Inventory, settings: Settings): readonly NftTable[] {
  const era = eraOf(inventory.version);
  if (era === undefined) throw new Error(`no era of ${inventory.version}`);
  return expectedTables(intentOf(inventory, { era: era.policy, settings }));
}

/** Who exists according to an inventory. */
export const termsOf = (inventory: Inventory): TableTerms => ({
  containers: new Map(namedAddresses(inventory).map(({ address, container }) => [address, container])),
  bridges: new Set(inventory.networks.map(({ bridge }) => bridge)),
});

/** The rules of a chain, as texts. */
export const textsOf = (table: NftTable | undefined, chain: string): readonly string[] =>
  (table?.chains.get(chain)?.rules ?? []).map(({ text }) => text);
