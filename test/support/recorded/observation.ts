import { readFileSync } from 'node:fs';
import { factsOf } from '../../../src/docker/daemon-facts.ts';
import { inventoryFrom } from '../../../src/docker/inventory/from-answers.ts';
import { isRecord, listOf, type Answers } from '../../../src/docker/inventory/inventory.ts';
import { engineFactsOf } from '../../../src/docker/inventory/networks.ts';
import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import type { DaemonFacts } from '../../../src/docker/settings.ts';
import { ownBaseline, recordFamilies } from '../../../src/firewall/iptables/desired/recorded-rules.ts';
import type { Baseline } from '../../../src/reconcile/baseline.ts';
import type { EngineReply } from '../../../src/docker/engine-reply.ts';
import type { Live } from '../../../src/firewall/iptables/text/live.ts';
import type { StoredBaseline } from '../../../src/reconcile/stored-baseline.ts';
import { recording } from './recordings.ts';

/** A recording's account of its Engine; old ones hold neither `daemonArgs` nor `/info`. */
export type Account = Answers & { readonly daemonArgs?: readonly string[] };

/** What the Engine of a recording said of itself. */
export const accountOf = (name: string): Account =>
  JSON.parse(readFileSync(new URL(`../../fixtures/${name}/engine.json`, import.meta.url), 'utf8')) as Account;

/** A recorded host as `check` and `restore` see it: its rules, its Engine's reply, and a baseline of that moment. */
export interface RecordedHost {
  readonly live: Live;
  readonly reply: EngineReply;
  readonly stored: StoredBaseline;
}

/** The live rules of a recording, with others in the place of its own where `rules` are given. */
export const liveOf = (rules: HostRules): Live => ({ variant: 'nft', version: '1.8.13', rules });

const isGwbridge = (network: unknown): boolean => isRecord(network) && network['Name'] === 'docker_gwbridge';

/** A recording as a host with a running Engine. */
export function recordedHost(name: string): RecordedHost {
  const { host } = recording(name);
  const account = accountOf(name);
  // The first recordings hold it among the networks alone, which tell all of theirs.
  const gwbridge = account.gwbridge ?? listOf(account.networks).find(isGwbridge);
  const inventory = inventoryFrom({ ...account, info: account.info ?? {}, gwbridge });
  const facts: DaemonFacts =
    account.daemonArgs === undefined
      ? {}
      : factsOf({
          args: account.daemonArgs,
          environment: new Map([['PATH', '/usr/bin']]),
          readConfig: () => ({}),
        });
  const { networks } = inventory;
  const reply: EngineReply = {
    answered: true,
    inventory,
    socket: '/run/docker.sock',
    daemons: { count: 1, facts },
    interfaces: new Set(networks.map(({ bridge }) => bridge)),
  };
  const families = recordFamilies(ownHost(host, { networks, settled: true }));
  const engine = engineFactsOf(inventory);
  const baseline: Baseline = {
    version: 1,
    created: '2026-01-01T00:00:00Z',
    host: 'recorded',
    kernel: '6.18',
    iptables: '1.8.13',
    variant: 'nft',
    engine,
    previous: null,
    families,
  };
  const stored = {
    id: '000001',
    path: '/000001.json',
    baseline,
    digest: 'sha256:0',
    own: true,
    ...ownBaseline(baseline),
  };
  return { live: liveOf(host), reply, stored };
}
