import { readFileSync } from 'node:fs';
import { factsOf } from '../../../src/docker/daemon-facts.ts';
import { inventoryFrom } from '../../../src/docker/inventory/from-answers.ts';
import { engineFactsOf } from '../../../src/docker/inventory/networks.ts';
import type { Answers } from '../../../src/docker/inventory/inventory.ts';
import type { DaemonFacts } from '../../../src/docker/settings.ts';
import type { HostRules, Chain, Ruleset, Table } from '../../../src/firewall/iptables/text/model.ts';
import { ownBaseline, recordFamilies } from '../../../src/firewall/iptables/desired/recorded-rules.ts';
import type { Baseline } from '../../../src/reconcile/baseline.ts';
import { FAMILIES } from '../../../src/net/family.ts';
import type { Live } from '../../../src/firewall/iptables/text/live.ts';
import type { StoredBaseline } from '../../../src/reconcile/stored-baseline.ts';
import type { Dice } from '../busy/dice.ts';
import { recording, recordingNames, type Recording } from '../recorded/recordings.ts';

/** An Engine's whole account, as text: each input is made of a copy. */
const accountOf = (name: string): string =>
  readFileSync(new URL(`../../fixtures/${name}/engine.json`, import.meta.url), 'utf8');

/** A recorded host to mutate: small ones only, so that an input takes milliseconds. */
export interface Ground {
  readonly name: string;
  readonly recorded: Recording;
  /** What the Engine answered, and nothing else of the account. */
  readonly answers: string;
  /** How its daemon was started. */
  readonly facts: DaemonFacts;
  readonly baseline: Baseline;
}

const SIZE = 80_000;

/** Recordings that hold the Engine's whole account of itself. */
export const GROUNDS = recordingNames().flatMap((name): readonly Ground[] => {
  const account = JSON.parse(accountOf(name)) as Answers & Readonly<Record<string, unknown>>;
  if (!('daemonArgs' in account)) return [];
  const { version, info, networks, containers, gwbridge, services, ingress, inspects } = account;
  const all = { version, info, networks, containers, gwbridge, services, ingress, inspects };
  const answers = JSON.stringify(all);
  const recorded = recording(name);
  const baseline: Baseline = {
    ...{ version: 1, created: '2026-01-02T03:04:05.678Z', host: 'lab', kernel: '6.1.0', iptables: '1.8.9' },
    variant: 'nft',
    engine: {
      ...engineFactsOf(inventoryFrom(account)),
      version: '28.5.2',
      apiVersion: '1.51',
      containers: [],
    },
    previous: null,
    families: recordFamilies(recorded.owned),
  };
  const args = account['daemonArgs'] as readonly string[];
  const facts = factsOf({ args, environment: new Map([['PATH', '/usr/bin']]), readConfig: () => ({}) });
  return answers.length > SIZE ? [] : [{ name, recorded, answers, facts, baseline }];
}) as readonly Ground[] as readonly [Ground, ...Ground[]];

/**
 * A baseline as if it had been read from its file.
 *
 * @param own - sealed by this host
 */
export const storedOf = (baseline: Baseline, own = true): StoredBaseline => ({
  ...{ id: '000001', path: '/nowhere/000001.json', digest: `sha256:${'0'.repeat(64)}`, own },
  baseline,
  ...ownBaseline(baseline),
});

/** What is left of a host after somebody's change: tables flushed, chains emptied, single rules gone. */
export function damaged(host: HostRules, dice: Dice): Live {
  const harm = dice.below(4);
  const chainOf = (chain: Chain): Chain => ({
    ...chain,
    rules: harm === 0 ? [] : chain.rules.filter(() => harm === 1 || !dice.oneIn(harm === 2 ? 3 : 20)),
  });
  const tableOf = (table: Table): Table => ({
    name: table.name,
    chains: new Map(
      [...table.chains]
        .filter(([, { policy }]) => policy !== '-' || harm !== 0)
        .map(([name, chain]) => [name, dice.oneIn(2) || harm === 0 ? chainOf(chain) : chain]),
    ),
  });
  const [ipv4, ipv6] = FAMILIES.map((family): Ruleset => ({
    tables: new Map([...host[family].tables].map(([name, table]) => [name, tableOf(table)])),
  }));
  if (ipv4 === undefined || ipv6 === undefined) throw new Error('two families');
  return { variant: 'nft', version: undefined, rules: { ipv4, ipv6 } };
}
