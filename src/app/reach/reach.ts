import type { DaemonFacts } from '../../docker/settings.ts';
import type { Inventory } from '../../docker/inventory/inventory.ts';
import { isUnavailable } from '../../doctor/facts/facts.ts';
import { orUnavailable } from '../../doctor/facts/unavailable.ts';
import { Fault } from '../../fault.ts';
import { inferIntent } from '../../firewall/iptables/expected/infer-intent.ts';
import { ownHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { Cell } from '../../reach/cell.ts';
import { reachTable } from '../../reach/table.ts';
import type { Terrain } from '../../reach/terrain.ts';
import type { VariantRules } from '../../trace/network-state.ts';
import type { Listener, StepEvent } from '../events.ts';
import { rulesetsIn } from '../diagnose/rules-state.ts';
import { cellsAbout } from './about.ts';
import type { ReachHost } from './ports.ts';
import { readAskedSets, readSurroundings, terrainOf } from './read-terrain.ts';

/** Who reaches what on this host. */
export interface Reached {
  readonly cells: readonly Cell[];
  /** Version of the Engine. */
  readonly engine: string;
  /** What was asked about; undefined for the whole host. */
  readonly target: string | undefined;
  /** 0 as Docker means it, 1 something differs, 3 nothing differs and something cannot be told. */
  readonly exit: 0 | 1 | 3;
}

/**
 * Makes the table of who reaches what, and what Docker means to be reached. Changes nothing, and takes no lock.
 *
 * @param target - what doctor takes as a target; undefined for the whole host
 * @throws Fault RG_PRIVILEGE without root; of the Engine where it does not say what exists; RG_ENGINE_UNKNOWN for one before
 *   18.03.1; RG_USAGE for a target that is nothing here, or more than one thing
 */
export async function reach(
  host: ReachHost,
  target: string | undefined,
  on: Listener<StepEvent>,
): Promise<Reached> {
  on({ kind: 'step', step: 'gathering' });
  const [variants, engine, surroundings] = await Promise.all([
    orUnavailable(host.readVariants()),
    host.askAnyEngine(),
    readSurroundings(host),
  ]);
  const { inventory } = engine;
  if (inventory === undefined)
    throw engine.answered ? new Error('an answer without inventory') : engine.fault;
  const rulesets = isUnavailable(variants) ? [] : rulesetsIn(variants);
  const { terrain } = terrainOf({
    intent: intentFrom(inventory, engine.answered ? engine.daemons.facts : {}, rulesets),
    inventory,
    surroundings,
    rulesets,
    sets: await readAskedSets(host, rulesets),
    ...(isUnavailable(variants) ? { unread: variants } : {}),
  });
  const cells = cellsAbout(target, reachTable(terrain), terrain);
  return { cells, engine: inventory.version, target, exit: exitOf(cells, target !== undefined) };
}

function intentFrom(
  inventory: Inventory,
  facts: DaemonFacts,
  rulesets: readonly VariantRules[],
): Terrain['intent'] {
  const { version, networks } = inventory;
  const written = () => rulesets.map(({ rules }) => ownHost(rules, { networks, settled: true }));
  const inferred = inferIntent({ inventory, facts, written });
  if (inferred === undefined)
    throw new Fault('RG_ENGINE_UNKNOWN', 3, `what Engine ${version} means to be reached is not known here`);
  return inferred.intent;
}

/** @param asked - whether somebody asked about these very cells: then it counts that one is not reached, whoever closed it */
function exitOf(cells: readonly Cell[], asked: boolean): Reached['exit'] {
  const differs = ({ effect }: Cell): boolean =>
    effect === 'operator' ? asked : effect !== 'same' && effect !== 'unknown';
  if (cells.some(differs)) return 1;
  return cells.some(({ effect }) => effect === 'unknown') ? 3 : 0;
}
