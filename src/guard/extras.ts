import type { OwnedRule } from '../docker/ownership.ts';
import { FAMILIES, type Family } from '../iptables/model.ts';
import type { Drift, Sides } from './compare.ts';
import type { Severity } from './finding.ts';
import { dockersAreTheSame } from './same.ts';

/** A live rule of Docker's that nobody asked for. */
export interface Extra {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly owned: OwnedRule;
  /** Why it is litter that Docker left behind; absent where it may be wanted. */
  readonly orphaned?: string;
  /** What litter does that still leads packets: into a container that does not publish the port, or away from the one that does. */
  readonly diverts?: Severity;
}

/** Rules and chains of Docker's that stand beyond those that should. */
export function newcomers({ base, liveOwned, vouched }: Sides): Pick<Drift, 'extras' | 'unknownChains'> {
  const extras: Extra[] = [];
  const unknownChains: { family: Family; table: string; chain: string }[] = [];
  for (const family of FAMILIES) {
    for (const [table, chains] of liveOwned.families[family]) {
      for (const chain of chains.values()) {
        if (chain.unknown) unknownChains.push({ family, table, chain: chain.name });
        const recorded = base.families[family].get(table)?.get(chain.name)?.rules ?? [];
        if (dockersAreTheSame(recorded, chain.rules)) continue;
        const known = new Set(recorded.map(({ rule }) => rule.text));
        for (const owned of chain.rules) {
          if (owned.owner !== 'docker' || known.has(owned.rule.text)) continue;
          extras.push({ family, table, chain: chain.name, owned, ...judge(family, owned, vouched) });
        }
      }
    }
  }
  return { extras, unknownChains };
}

function judge(
  family: Family,
  owned: OwnedRule,
  vouched: Sides['vouched'],
): Pick<Extra, 'orphaned' | 'diverts'> {
  const orphaned = vouched?.witness.whyOrphan(family, owned, vouched.company);
  if (orphaned === undefined) return {};
  const diverts = vouched?.witness.diversion(family, owned);
  return { orphaned, ...(diverts === undefined ? {} : { diverts }) };
}
