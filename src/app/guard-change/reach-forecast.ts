import { networkStateOf } from '../../doctor/facts/network-state.ts';
import { planRepair } from '../../firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../../firewall/iptables/plan/simulate-plan.ts';
import { EMPTY_RULESET, type HostRules, type Rule } from '../../firewall/iptables/text/model.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import type { SandboxNetwork } from '../../host/sandbox/network.ts';
import { Fault } from '../../fault.ts';
import { reachChange } from '../../reach/change/compare.ts';
import { changedNetwork, type NetworkChange } from '../../reach/change/network.ts';
import { changedChains, mayConcern } from '../../reach/change/touched.ts';
import type { Terrain } from '../../reach/terrain.ts';
import { observationOf } from '../../reconcile/observation.ts';
import { repairedNatives } from '../../reconcile/tables/repaired-natives.ts';
import { plansFor, tablesAfter } from '../../reconcile/tables/side.ts';
import { FAMILIES } from '../../net/family.ts';
import type { NetworkState, VariantRules } from '../../trace/network-state.ts';
import type { Impact } from '../../reconcile/impact.ts';
import type { ChangeContext, ReachForecast } from './change.ts';
import { dockersRules } from './dockers-rules.ts';
import { impactOn } from './impact-since.ts';
import { isLoss } from './verdict.ts';

/** What a change leaves behind. */
export interface LeftBehind {
  /** In the variant Docker uses. */
  readonly rules: HostRules;
  /** Docker's own tables, where it has any and the change was rehearsed. */
  readonly tables?: readonly NftTable[] | undefined;
  /** In the other variant, where that was read too. */
  readonly other?: VariantRules | undefined;
  /** A sandbox's network before the change and after it, where it was rehearsed. */
  readonly network?: { readonly before: SandboxNetwork; readonly after: SandboxNetwork } | undefined;
  /** Sets, where the rules that are left ask any and none was asked before. */
  readonly sets?: NetworkState['sets'];
}

const NO_RULES: HostRules = { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };

/**
 * What a change does to who reaches what; undefined where no terrain is known.
 *
 * @param impact - what it does to Docker's rules
 */
export function reachForecast(
  context: ChangeContext,
  left: LeftBehind,
  impact: Impact,
): ReachForecast | undefined {
  const { terrain, before, live } = context;
  if (terrain === undefined) return undefined;
  const network = left.network && networkChange(terrain.netState, left.network);
  const after = terrainAfter(terrain, context, left, network);
  const isDockers = dockersRules(before);
  const change = reachChange(terrain, after, isDockers);
  const isBesideRules = network !== undefined && network.changes.length > 0;
  const isConcerned =
    isBesideRules ||
    mayConcern(live.rules, left.rules, change.stillUnknown) ||
    (left.other !== undefined &&
      mayConcern(context.other?.rules ?? NO_RULES, left.other.rules, change.stillUnknown));
  return {
    change,
    beside: network?.changes ?? [],
    unjudged: [...(network?.unjudged ?? []), ...besideOf(left.network)],
    blind: isConcerned ? change.stillUnknown.length : 0,
    wayBack:
      change.worse.length === 0 && !impact.findings.some(isLoss)
        ? 'repair'
        : wayBack(context, left, { terrain, after, isDockers }, network),
    undo: network?.undo.commands ?? [],
    tablesMade: network === undefined ? [] : onlyMade(network, live.rules, left),
  };
}

/** The tables of nftables that a change makes, where it does nothing else. */
function onlyMade(
  { tablesMade, changes }: NetworkChange,
  before: HostRules,
  { rules, network }: LeftBehind,
): readonly string[] {
  const isAll =
    tablesMade.length === changes.length &&
    besideOf(network).length === 0 &&
    FAMILIES.every((family) => changedChains(before[family], rules[family]).length === 0);
  return isAll ? tablesMade : [];
}

/** What a change does to packets beside the rules of iptables, one line each. */
export function besideRules(network: LeftBehind['network']): readonly string[] {
  if (network === undefined) return [];
  const { changes, idle } = networkChange(networkStateOf(network.before, []).netState, network);
  return changes.filter((line) => !idle.includes(line));
}

function networkChange(
  host: NetworkState,
  { before, after }: NonNullable<LeftBehind['network']>,
): NetworkChange {
  const stateOf = (network: SandboxNetwork): NetworkState => networkStateOf(network, []).netState;
  return changedNetwork(host, stateOf(before), stateOf(after));
}

/** What changes of traffic control, IPsec and the like, which no table follows. */
function besideOf(network: LeftBehind['network']): readonly string[] {
  if (network === undefined) return [];
  const [was, is] = [new Set(network.before.beside), new Set(network.after.beside)];
  return [
    ...network.after.beside.filter((line) => !was.has(line)),
    ...network.before.beside.filter((line) => !is.has(line)).map((line) => `gone: ${line}`),
  ];
}

function terrainAfter(
  terrain: Terrain,
  { live: { variant }, other }: ChangeContext,
  left: LeftBehind,
  network: NetworkChange | undefined,
): Terrain {
  const others = left.other ?? other;
  const rulesets: readonly VariantRules[] = [
    { variant, rules: left.rules },
    ...(others === undefined ? [] : [{ variant: others.variant, rules: others.rules }]),
  ];
  const sets = left.sets === undefined ? {} : { sets: left.sets };
  return {
    ...terrain,
    netState: { ...terrain.netState, ...(network?.network ?? {}), ...sets, rulesets },
  };
}

interface Tables {
  readonly terrain: Terrain;
  readonly after: Terrain;
  readonly isDockers: (rule: Rule) => boolean;
}

function wayBack(
  context: ChangeContext,
  left: LeftBehind,
  tables: Tables,
  network: NetworkChange | undefined,
): ReachForecast['wayBack'] {
  if (context.live.tables !== undefined) {
    if (areTablesRepaired(context, left, tables)) return 'repair';
  } else {
    if (isRepaired(context, left, tables, 'leave')) return 'repair';
    if (isRepaired(context, left, tables, 'close')) return 'policies';
  }
  if (network === undefined || network.isRolledBack) return 'rollback';
  return network.undo.isWhole && isUndone(tables) ? 'undo' : 'none';
}

/** Whether every way is as it was once all is taken back that the change did beside rules, sets and tables. */
function isUndone({ terrain, after, isDockers }: Tables): boolean {
  const { rulesets, sets, natives } = after.netState;
  const then = { ...after, netState: { ...terrain.netState, rulesets, sets, natives } };
  const { worse, unknown } = reachChange(terrain, then, isDockers);
  return worse.length === 0 && unknown.length === 0;
}

/** Whether every way and every rule of Docker's is as it was once everything of Docker's is restored, as `--mode repair` does. */
function isRepaired(
  context: ChangeContext,
  { rules }: LeftBehind,
  { terrain, after, isDockers }: Tables,
  policies: 'leave' | 'close',
): boolean {
  const { reference, live, engine } = context;
  try {
    const { drift, sides, content } = observationOf(reference, { ...live, rules }, engine);
    const plan = planRepair(drift, sides, { policies, content, liveness: 'known' });
    const repaired = simulatePlan(plan, rules).rules;
    const rulesets = after.netState.rulesets.map((one) =>
      one.variant === live.variant ? { ...one, rules: repaired } : one,
    );
    const then = { ...after, netState: { ...after.netState, rulesets } };
    const { worse, unknown } = reachChange(terrain, then, isDockers);
    const isWhole = !impactOn(context, { rules: repaired }).findings.some(isLoss);
    return isWhole && worse.length === 0 && unknown.length === 0;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** As {@link isRepaired}, where what is restored are Docker's own tables. */
function areTablesRepaired(
  context: ChangeContext,
  { rules, tables = context.live.tables }: LeftBehind,
  { terrain, after, isDockers }: Tables,
): boolean {
  const { reference, live, engine } = context;
  try {
    const { tables: side } = observationOf(reference, { ...live, rules, tables }, engine);
    if (side === undefined) return false;
    const { natives = [] } = after.netState;
    const repaired = repairedNatives(side)?.(natives) ?? natives;
    const then = { ...after, netState: { ...after.netState, natives: repaired } };
    const { worse, unknown } = reachChange(terrain, then, isDockers);
    const restored = tablesAfter(plansFor(side), side.live);
    const isWhole = !impactOn(context, { rules, tables: restored }).findings.some(isLoss);
    return isWhole && worse.length === 0 && unknown.length === 0;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
