import type { OwnedHost } from '../docker/ownership.ts';
import { compare, ownLive, type Drift, type Sides } from '../guard/compare.ts';
import { hasUserlandProxy } from '../guard/consequence.ts';
import type { Finding } from '../guard/finding.ts';
import { findingsOf } from '../guard/findings.ts';
import { askEngine } from './engine.ts';
import { readLive, type Live } from './kernel.ts';
import type { StoredBaseline } from './store.ts';

/** The live rules beside a baseline: everything that check tells and restore plans from. */
export interface Look {
  readonly live: Live;
  readonly sides: Sides;
  readonly drift: Drift;
  readonly findings: readonly Finding[];
}

/** Reads the live rules and compares them with a baseline. The Engine is asked only if the rules leave a doubt. */
export async function look(stored: StoredBaseline): Promise<Look> {
  const live = await readLive(stored.baseline.backend);
  const networks = stored.baseline.engine?.networks;
  let liveOwned = ownLive(stored.owned, live.rules, { networks, settled: false });
  if (liveOwned.undecided.length > 0) {
    const engine = await askEngine();
    if (engine.answered)
      liveOwned = ownLive(stored.owned, live.rules, { networks: engine.facts.networks, settled: true });
  }
  const sides: Sides = { base: stored.owned, live: live.rules, liveOwned };
  const drift = compare(sides);
  const surroundings = { networks: networks ?? [], userlandProxy: hasUserlandProxy(stored.owned) };
  return { live, sides, drift, findings: findingsOf(drift, surroundings) };
}

/** How many rules of Docker's a baseline holds. */
export function countDockers(owned: OwnedHost): number {
  const tables = [...owned.families.ipv4.values(), ...owned.families.ipv6.values()];
  return tables
    .flatMap((chains) => [...chains.values()])
    .reduce((sum, chain) => sum + chain.rules.filter(({ owner }) => owner === 'docker').length, 0);
}
