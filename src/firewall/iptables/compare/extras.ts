import type { OwnedRule } from '../ownership/ownership.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import type { Drift, Extra, Sides } from './drift.ts';
import { dockersAreTheSame } from './same.ts';

/** Rules and chains of Docker's that are not expected. */
export function extrasIn({ desired, liveOwned, engine }: Sides): Pick<Drift, 'extras' | 'unknownChains'> {
  const extras: Extra[] = [];
  const unknownChains: { family: Family; table: string; chain: string }[] = [];
  for (const family of FAMILIES) {
    for (const [table, chains] of liveOwned.families[family]) {
      for (const chain of chains.values()) {
        if (chain.unknown) unknownChains.push({ family, table, chain: chain.name });
        const recorded = desired.families[family].get(table)?.get(chain.name)?.rules ?? [];
        if (dockersAreTheSame(recorded, chain.rules)) continue;
        const known = new Set(recorded.map(({ rule }) => rule.text));
        for (const owned of chain.rules) {
          if (owned.owner !== 'docker' || known.has(owned.rule.text)) continue;
          if (engine?.liveness.cannotTell(owned) === true) continue;
          extras.push({ family, table, chain: chain.name, owned, ...judge(family, owned, engine) });
        }
      }
    }
  }
  return { extras, unknownChains };
}

function judge(
  family: Family,
  owned: OwnedRule,
  engine: Sides['engine'],
): Pick<Extra, 'orphaned' | 'diverts'> {
  const orphaned = engine?.liveness.whyOrphan(family, owned, engine.coTenants);
  if (orphaned === undefined) return {};
  const diverts = engine?.liveness.diversion(family, owned);
  return { orphaned, ...(diverts === undefined ? {} : { diverts }) };
}
