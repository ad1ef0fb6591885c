import { setTimeout as sleep } from 'node:timers/promises';
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
 * Reads the live rules and compares them with a baseline. The Engine is asked only if the rules leave a doubt.
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
  const drift = compare(sides);
  const surroundings = { networks: networks ?? [], userlandProxy: hasUserlandProxy(stored.owned) };
  return { live, sides, drift, findings: findingsOf(drift, surroundings) };
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
