import { isLoopback } from '../../net/address.ts';
import type { Cell, Effect } from '../../reach/cell.ts';
import type { Cause } from '../../reach/judge/cause.ts';
import { deciderKey, type Decider } from '../../reach/judge/decider.ts';
import type { JudgedCell } from '../../reach/judge/judge.ts';
import { count } from '../text.ts';
import { deciderReason, reasonOf } from './words.ts';

/** Cells that differ alike, as one line tells them. */
export interface EffectGroup<C extends ToldCell = ToldCell> {
  readonly effect: Exclude<Effect, 'same'>;
  /** What the difference is for packets; that of `operator` tells what his rules close (`outage`) and open (`exposure`). */
  readonly differs: Differs;
  /** Why; absent for cells that nobody judged. */
  readonly cause?: Cause;
  /** What decides, that of most cells first; empty for cells that nobody judged. */
  readonly deciders: readonly Decider[];
  /** `24 published ports unreachable from outside`. */
  readonly headline: string;
  /** What it is about, each once: ports, containers or networks. */
  readonly names: readonly string[];
  /** Why, the reason of most cells first. */
  readonly reasons: readonly string[];
  readonly cells: number;
  readonly members: readonly C[];
}

type Differs = Exclude<JudgedCell['differs'], 'same'>;

/** A cell that was judged, or not yet. */
export type ToldCell = Cell & Partial<Pick<JudgedCell, 'differs' | 'cause' | 'decider'>>;

/** How a kind of difference is told: whom a cell is about, and of how many of those the line speaks. */
interface Kind {
  readonly key: string;
  readonly name: string;
  readonly tell: (names: readonly string[]) => string;
}

interface Gathering<C extends ToldCell> {
  readonly kind: Kind;
  readonly as: Pick<EffectGroup, 'effect' | 'differs' | 'cause'>;
  readonly names: Set<string>;
  readonly reasons: Map<string, number>;
  readonly deciders: Map<string, { readonly decider: Decider; cells: number }>;
  readonly members: C[];
}

const ORDER: readonly Effect[] = ['outage', 'exposure', 'degraded', 'operator', 'unknown'];

/** What differs, grouped by what it means for packets and why: what is lost first, and the most cells first. */
export function groupsOf<C extends ToldCell>(cells: readonly C[]): readonly EffectGroup<C>[] {
  const groups = new Map<string, Gathering<C>>();
  for (const cell of cells) {
    const { effect, cause, decider } = cell;
    if (effect === 'same') continue;
    const differs = differenceOf(cell, effect);
    const kind = kindOf(cell, differs);
    // Each rule of the operator's is told by itself: it is what he knows.
    const own = effect === 'operator' && decider !== undefined ? deciderKey(decider) : '';
    const key = [effect, kind.key, cause ?? '', own].join('\n');
    const group: Gathering<C> = groups.get(key) ?? {
      kind,
      as: { effect, differs, ...(cause !== undefined && { cause }) },
      ...{ names: new Set(), reasons: new Map(), deciders: new Map(), members: [] },
    };
    groups.set(key, group);
    group.names.add(kind.name);
    const reason = reasonIn(cell);
    if (reason !== '') group.reasons.set(reason, (group.reasons.get(reason) ?? 0) + 1);
    if (decider !== undefined) addDecider(group.deciders, decider);
    group.members.push(cell);
  }
  return [...groups.values()]
    .map(({ kind, as, names, reasons, deciders, members }): EffectGroup<C> => ({
      ...as,
      headline: kind.tell([...names]),
      names: [...names],
      reasons: [...reasons].sort((a, b) => b[1] - a[1]).map(([reason]) => reason),
      deciders: [...deciders.values()].sort((a, b) => b.cells - a.cells).map(({ decider }) => decider),
      cells: members.length,
      members,
    }))
    .sort((a, b) => ORDER.indexOf(a.effect) - ORDER.indexOf(b.effect) || b.cells - a.cells);
}

function addDecider(deciders: Gathering<ToldCell>['deciders'], decider: Decider): void {
  const known = deciders.get(deciderKey(decider)) ?? { decider, cells: 0 };
  deciders.set(deciderKey(decider), known);
  known.cells++;
}

/** A cell that nobody judged is no operator's. */
function differenceOf({ differs }: ToldCell, effect: EffectGroup['effect']): Differs {
  if (differs !== undefined && differs !== 'same') return differs;
  return effect === 'operator' ? 'unknown' : effect;
}

/** Why a cell is as it is, '' where nothing is to be said. What is lost is told by what becomes of the packet, everything else by what decides. */
export function reasonIn({ is, cause, decider }: ToldCell): string {
  if (cause === 'lost' && is.is === 'reached')
    return 'rules that close it are lost, or packets no longer pass them first';
  return cause === undefined || cause === 'lost' || decider === undefined
    ? reasonOf(is)
    : deciderReason(decider, is);
}

/** `unreachable from outside`, `reached from outside through docker-proxy alone`. */
function howReached(effect: Exclude<Differs, 'unknown'>, from: string): string {
  if (effect === 'outage') return `unreachable ${from}`;
  return effect === 'exposure' ? `reachable ${from}` : `reached ${from} through docker-proxy alone`;
}

function kindOf(cell: Cell, effect: Differs): Kind {
  const { asker, asked } = cell;
  if (effect === 'unknown') {
    const name =
      'spot' in asked ? asked.spot.container : asker.by === 'container' ? asker.spot.container : '';
    return {
      key: effect,
      name,
      tell: (names) => `cannot tell what reaches ${count(names.length, 'container')}`,
    };
  }
  const from =
    asker.by === 'outside' ? 'from outside' : asker.by === 'host' ? 'from this host' : 'from containers';
  const how = howReached(effect, from);
  if (asked.what === 'published') {
    const name = `${asked.spot.container} ${String(asked.hostPort)}`;
    const isLocal = isLoopback(asked.at) && asker.by === 'outside';
    const noun = isLocal ? 'port of the loopback address' : 'published port';
    const by = asker.by === 'container' ? ', by an address of this host' : '';
    return {
      key: `${effect} ${from} published ${String(isLocal)}`,
      name,
      tell: (names) => `${plural(names.length, noun)} ${how}${by}`,
    };
  }
  if (asked.what === 'outside' || asked.what === 'name-server') {
    const name = asker.by === 'container' ? asker.spot.container : '';
    const isInternal = effect === 'exposure' && cell.should === 'stopped';
    const tell = (names: readonly string[]): string => {
      const isOne = names.length === 1;
      const whom = asked.what === 'outside' ? 'the outside' : `${isOne ? 'its' : 'their'} name server`;
      const verb =
        effect === 'exposure' ? (isOne ? 'reaches' : 'reach') : `${isOne ? 'does' : 'do'} not reach`;
      const whose = isInternal ? ' of internal networks' : '';
      return `${count(names.length, 'container')}${whose} ${verb} ${whom}`;
    };
    return { key: `${effect} ${asked.what} ${String(isInternal)}`, name, tell };
  }
  if (asker.by !== 'container') {
    const tell = (names: readonly string[]): string =>
      `${count(names.length, 'container')} ${how}, by ${names.length === 1 ? 'its' : 'their'} own address`;
    return { key: `${effect} ${from} direct`, name: asked.spot.container, tell };
  }
  if (asker.is === 'same-network') {
    const not = effect === 'exposure' ? '' : 'do not ';
    return {
      key: `${effect} within`,
      name: asked.spot.network,
      tell: (names) => `containers of ${count(names.length, 'network')} ${not}reach each other`,
    };
  }
  const name = [asker.spot.network, asked.spot.network].sort().join(' and ');
  const tell = (names: readonly string[]): string => {
    const not = effect === 'exposure' ? '' : 'do not ';
    return names.length === 1
      ? `networks ${names[0] ?? ''} ${not}reach each other`
      : `${String(names.length)} pairs of networks ${not}reach each other`;
  };
  return { key: `${effect} between`, name, tell };
}

const plural = (number: number, noun: string): string =>
  noun.includes(' of ') ? `${count(number, 'port')} of the loopback address` : count(number, noun);
