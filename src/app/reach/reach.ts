import type { DaemonFacts } from '../../docker/settings.ts';
import type { Inventory } from '../../docker/inventory/inventory.ts';
import { isUnavailable } from '../../doctor/facts/facts.ts';
import { networkStateOf } from '../../doctor/facts/network-state.ts';
import { orUnavailable } from '../../doctor/facts/unavailable.ts';
import { Fault } from '../../fault.ts';
import { inferIntent } from '../../firewall/iptables/expected/infer-intent.ts';
import { ownHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { Processes } from '../../host/doctor/processes.ts';
import { isAny } from '../../net/address.ts';
import { familyOf } from '../../net/family.ts';
import type { Cell } from '../../reach/cell.ts';
import { reachTable } from '../../reach/table.ts';
import { proxyKey, type Terrain } from '../../reach/terrain.ts';
import type { VariantRules } from '../../trace/network-state.ts';
import type { Listener, StepEvent } from '../events.ts';
import { readNetwork } from '../diagnose/read-network.ts';
import { rulesetsIn } from '../diagnose/rules-state.ts';
import { cellsAbout } from './about.ts';
import type { ReachHost } from './ports.ts';

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
 * @param target - a container, a network or `ADDRESS:PORT`; undefined for the whole host
 * @throws Fault RG_PRIVILEGE without root; of the Engine where it does not say what exists; RG_ENGINE_UNKNOWN for one before
 *   18.03.1; RG_USAGE for a target that is nothing here
 */
export async function reach(
  host: ReachHost,
  target: string | undefined,
  on: Listener<StepEvent>,
): Promise<Reached> {
  on({ kind: 'step', step: 'gathering' });
  const [variants, engine, network, processes] = await Promise.all([
    orUnavailable(host.readVariants()),
    host.askAnyEngine(),
    readNetwork(host),
    host.findProcesses(),
  ]);
  const { inventory } = engine;
  if (inventory === undefined)
    throw engine.answered ? new Error('an answer without inventory') : engine.fault;
  const rulesets = isUnavailable(variants) ? [] : rulesetsIn(variants);
  const { netState } = networkStateOf(network, rulesets);
  const terrain: Terrain = {
    intent: intentFrom(inventory, engine.answered ? engine.daemons.facts : {}, rulesets),
    inventory,
    netState: { ...netState, unread: isUnavailable(variants) },
    proxies: proxiesOf(processes),
    nameServers: host.readNameServers(),
  };
  const cells = cellsAbout(target, reachTable(terrain), terrain);
  return { cells, engine: inventory.version, target, exit: exitOf(cells) };
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

/** Where no daemon can be seen, no docker-proxy can either. */
const proxiesOf = ({ daemons, proxies }: Processes): Terrain['proxies'] =>
  daemons.length === 0
    ? undefined
    : new Set(
        proxies.map(({ proto, hostIp, hostPort }) =>
          proxyKey(familyOf(hostIp), proto, isAny(hostIp) ? '' : hostIp, hostPort),
        ),
      );

function exitOf(cells: readonly Cell[]): Reached['exit'] {
  if (cells.some(({ effect }) => effect !== 'same' && effect !== 'unknown' && effect !== 'operator'))
    return 1;
  return cells.some(({ effect }) => effect === 'unknown') ? 3 : 0;
}
