import type { EngineReply } from '../../docker/engine-reply.ts';
import type { HostIntent } from '../../docker/intent/values.ts';
import { ownLive } from '../../firewall/iptables/compare/compare.ts';
import { countDockers } from '../../firewall/iptables/desired/desired.ts';
import { inferIntent } from '../../firewall/iptables/expected/infer-intent.ts';
import { ownHost, type OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { Terrain } from '../../reach/terrain.ts';
import { NO_RULES, surroundingsOf } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import type { Surroundings } from '../../reconcile/known-names.ts';
import type { LiveFirewall } from '../../reconcile/tables/live-firewall.ts';
import { compareDockerTables, countTableRules } from '../../reconcile/tables/side.ts';
import { readFirewall } from '../observe/observe.ts';
import { readAskedSets, readSurroundings, terrainOf } from '../reach/read-terrain.ts';
import type { ChangeContext, ChangeHost } from './change.ts';

/**
 * Reads what a change is compared with. Without an Engine the names are the baseline's, and nothing says who should reach what.
 *
 * @param reference - the newest baseline
 * @throws Fault when the rules cannot be read, when the Engine keeps none, or when it does not answer and only it says what Docker's own
 *   tables should hold
 */
export async function readContext(
  host: Omit<ChangeHost, 'rehearse' | 'launch' | 'variantOf'>,
  reference: Reference,
): Promise<ChangeContext> {
  const { stored } = reference;
  const [[live, engine], around] = await Promise.all([readFirewall(host, reference), readSurroundings(host)]);
  const other = await host.readOther(live.variant);
  const { before, intent, surroundings } = dockersPart(live, engine, stored);
  const readTerrain = async (): Promise<Terrain | undefined> => {
    if (!engine.answered || intent === undefined) return undefined;
    const rulesets = [live, ...(other === undefined ? [] : [other])].map(({ variant, rules }) => ({
      variant,
      rules,
    }));
    const sets = await readAskedSets(host, rulesets);
    const { inventory } = engine;
    return terrainOf({ intent, inventory, surroundings: around, rulesets, sets }).terrain;
  };
  return {
    ...{ reference, stored, live, other, engine, before, surroundings },
    terrain: await readTerrain(),
  };
}

/** What of a host's rules is Docker's, and what it means. */
interface DockersPart {
  readonly before: OwnedHost;
  /** Undefined without an Engine, and where what it means is not known. */
  readonly intent: HostIntent | undefined;
  readonly surroundings: Surroundings;
}

function dockersPart(
  live: LiveFirewall,
  engine: EngineReply,
  stored: StoredBaseline | undefined,
): DockersPart {
  if (live.tables !== undefined) {
    // What iptables still holds of Docker's is left from another firewall backend, and no loss.
    const compared = engine.answered ? compareDockerTables(live.tables, engine) : undefined;
    return {
      before: NO_RULES,
      intent: compared?.intent,
      surroundings: compared?.surroundings ?? surroundingsOf(engine, stored, NO_RULES),
    };
  }
  const networks = engine.answered ? engine.inventory.networks : stored?.baseline.engine?.networks;
  const known = { networks, settled: engine.answered };
  const before = stored === undefined ? ownHost(live.rules, known) : ownLive(stored.owned, live.rules, known);
  const recorded = stored?.own === true ? [stored.owned] : [];
  const inferred = engine.answered
    ? inferIntent({
        inventory: engine.inventory,
        facts: engine.daemons.facts,
        written: () => [before, ...recorded],
      })
    : undefined;
  return { before, intent: inferred?.intent, surroundings: surroundingsOf(engine, stored, before) };
}

/** How many rules of Docker's are in force before a change. */
export const countBefore = ({ live: { tables }, before }: ChangeContext): number =>
  tables === undefined ? countDockers(before) : countTableRules(tables);
