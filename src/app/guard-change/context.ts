import { ownLive } from '../../firewall/iptables/compare/compare.ts';
import { inferIntent } from '../../firewall/iptables/expected/infer-intent.ts';
import { ownHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { Terrain } from '../../reach/terrain.ts';
import { surroundingsOf } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { readAskedSets, readSurroundings, terrainOf } from '../reach/read-terrain.ts';
import type { ChangeContext, ChangeHost } from './change.ts';

/**
 * Reads what a change is compared with. Without an Engine the names are the baseline's, and nothing says who should reach what.
 *
 * @param reference - the newest baseline
 * @throws Fault when the rules cannot be read, or the Engine keeps none in iptables
 */
export async function readContext(
  host: Omit<ChangeHost, 'rehearse' | 'launch' | 'variantOf'>,
  reference: Reference,
): Promise<ChangeContext> {
  const { stored } = reference;
  const reading = host.beginReading();
  const [live, engine, around] = await Promise.all([
    reading(stored?.baseline.variant),
    host.askEngine(),
    readSurroundings(host),
  ]);
  const other = await host.readOther(live.variant);
  const networks = engine.answered ? engine.inventory.networks : stored?.baseline.engine?.networks;
  const known = { networks, settled: engine.answered };
  const before = stored === undefined ? ownHost(live.rules, known) : ownLive(stored.owned, live.rules, known);
  const readTerrain = async (): Promise<Terrain | undefined> => {
    if (!engine.answered) return undefined;
    const { inventory, daemons } = engine;
    const recorded = stored?.own === true ? [stored.owned] : [];
    const inferred = inferIntent({ inventory, facts: daemons.facts, written: () => [before, ...recorded] });
    if (inferred === undefined) return undefined;
    const rulesets = [live, ...(other === undefined ? [] : [other])].map(({ variant, rules }) => ({
      variant,
      rules,
    }));
    const sets = await readAskedSets(host, rulesets);
    return terrainOf({ intent: inferred.intent, inventory, surroundings: around, rulesets, sets }).terrain;
  };
  return {
    ...{ reference, stored, live, other, engine, before },
    surroundings: surroundingsOf(engine, stored, before),
    terrain: await readTerrain(),
  };
}
