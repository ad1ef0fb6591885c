import { setTimeout as sleep } from 'node:timers/promises';
import type { Inventory } from '../docker/inventory.ts';
import type { OwnedHost } from '../docker/ownership.ts';
import { compare, ownLive, type Drift, type Sides } from '../guard/compare.ts';
import { hasUserlandProxy } from '../guard/consequence.ts';
import { isDamage, type Finding } from '../guard/finding.ts';
import { findingsOf } from '../guard/findings.ts';
import { digestOfRules } from './digest.ts';
import { readLive, type Live, type Reading } from './kernel.ts';
import type { StoredBaseline } from './store.ts';

/** The live rules beside a baseline: everything that check tells and restore plans from. */
export interface Look {
  readonly live: Live;
  readonly sides: Sides;
  readonly drift: Drift;
  readonly findings: readonly Finding[];
}

/**
 * Reads the live rules and compares them with a baseline. The Engine is asked only if the rules leave a doubt, or if
 * something is lost: what no longer exists need not come back.
 *
 * @param read - a reading already begun
 */
export async function look(stored: StoredBaseline, read: Reading = readLive): Promise<Look> {
  return lookAt(stored, await read(stored.baseline.backend));
}

/** Compares rules already read. */
export async function lookAt(stored: StoredBaseline, live: Live): Promise<Look> {
  const networks = stored.baseline.engine?.networks;
  let liveOwned = ownLive(stored.owned, live.rules, { networks, settled: false });
  if (liveOwned.undecided.length > 0) {
    // Brings Node's HTTP client with it, which most checks need not load.
    const { askEngine } = await import('./engine.ts');
    const engine = await askEngine();
    if (engine.answered)
      liveOwned = ownLive(stored.owned, live.rules, { networks: engine.facts.networks, settled: true });
  }
  const sides: Sides = { base: stored.owned, live: live.rules, liveOwned };
  const surroundings = { networks: networks ?? [], userlandProxy: hasUserlandProxy(stored.owned) };
  const unvouched = compare(sides);
  const inventory = unvouched.chains.some(({ missing }) => missing.length > 0)
    ? await inventoryFor(stored)
    : undefined;
  const vouched = inventory === undefined ? sides : { ...sides, inventory };
  const drift = inventory === undefined ? unvouched : compare(vouched);
  return { live, sides: vouched, drift, findings: findingsOf(drift, surroundings) };
}

/** What exists now, if the Engine that answers is the one whose rules were recorded. */
async function inventoryFor({ baseline, owned }: StoredBaseline): Promise<Inventory | undefined> {
  const { askInventory } = await import('./engine.ts');
  const inventory = await askInventory();
  if (inventory === undefined) return undefined;
  // A socket may lead to another Engine (another namespace, a nested one), which would vouch for nothing of ours.
  const recorded = new Set(baseline.engine?.networks.map(({ id }) => id) ?? bridgesIn(owned));
  const isSame = inventory.networks.some(
    ({ id, bridge }) => recorded.has(id) || (baseline.engine === null && recorded.has(bridge)),
  );
  return isSame ? inventory : undefined;
}

function bridgesIn(owned: OwnedHost): readonly string[] {
  const chains = [...owned.families.ipv4.values()].flatMap((table) => [...table.values()]);
  return chains.flatMap(({ rules }) => rules.flatMap(({ captures }) => captures?.bridge ?? []));
}

const PAUSE = 100;
const MAX_LOOKS = 20;

/**
 * Looks until the same damage is seen twice, or none: dockerd takes its jumps out and puts them back whenever a network
 * is made (Engines up to 27), and who looks in between must not raise an alarm.
 *
 * @param read - a reading already begun, for the first look
 */
export async function lookTwice(stored: StoredBaseline, read?: Reading): Promise<Look> {
  let seen = await look(stored, read);
  for (let looks = 1; looks < MAX_LOOKS && seen.findings.some(isDamage); looks++) {
    await sleep(PAUSE);
    const again = await look(stored);
    if (digestOfRules(again.live.rules) === digestOfRules(seen.live.rules)) return again;
    seen = again;
  }
  return seen;
}

/** How many rules of Docker's a baseline holds. */
export function countDockers(owned: OwnedHost): number {
  const tables = [...owned.families.ipv4.values(), ...owned.families.ipv6.values()];
  return tables
    .flatMap((chains) => [...chains.values()])
    .reduce((sum, chain) => sum + chain.rules.filter(({ owner }) => owner === 'docker').length, 0);
}
