import { isLoopback } from '../../net/address.ts';
import type { Cell, Effect } from '../../reach/cell.ts';
import { count } from '../text.ts';
import { reasonOf } from './words.ts';

/** Cells that differ alike, as one line tells them. */
export interface EffectGroup {
  readonly effect: Exclude<Effect, 'same'>;
  /** `24 published ports unreachable from outside`. */
  readonly headline: string;
  /** What it is about, each once: ports, containers or networks. */
  readonly names: readonly string[];
  /** Why, the reason of most cells first. */
  readonly reasons: readonly string[];
  readonly cells: number;
}

/** How a kind of difference is told: whom a cell is about, and of how many of those the line speaks. */
interface Kind {
  readonly key: string;
  readonly name: string;
  readonly tell: (names: readonly string[]) => string;
}

interface Gathering {
  readonly kind: Kind;
  readonly effect: EffectGroup['effect'];
  readonly names: Set<string>;
  readonly reasons: Map<string, number>;
  cells: number;
}

const ORDER: readonly Effect[] = ['outage', 'exposure', 'degraded', 'operator', 'unknown'];

/** What differs, grouped by what it means for packets: what is lost first, and the most cells first. */
export function groupsOf(cells: readonly Cell[]): readonly EffectGroup[] {
  const groups = new Map<string, Gathering>();
  for (const cell of cells) {
    const { effect } = cell;
    if (effect === 'same') continue;
    const kind = kindOf(cell, effect);
    const group: Gathering = groups.get(kind.key) ?? {
      kind,
      effect,
      names: new Set(),
      reasons: new Map(),
      cells: 0,
    };
    groups.set(kind.key, group);
    group.names.add(kind.name);
    const reason = reasonOf(cell.is);
    if (reason !== '') group.reasons.set(reason, (group.reasons.get(reason) ?? 0) + 1);
    group.cells++;
  }
  return [...groups.values()]
    .map(({ kind, effect, names, reasons, cells: number }): EffectGroup => ({
      effect,
      headline: kind.tell([...names]),
      names: [...names],
      reasons: [...reasons].sort((a, b) => b[1] - a[1]).map(([reason]) => reason),
      cells: number,
    }))
    .sort((a, b) => ORDER.indexOf(a.effect) - ORDER.indexOf(b.effect) || b.cells - a.cells);
}

/** `unreachable from outside`, `reached from outside through docker-proxy alone`. */
function howReached(effect: 'outage' | 'exposure' | 'degraded', from: string): string {
  if (effect === 'outage') return `unreachable ${from}`;
  return effect === 'exposure' ? `reachable ${from}` : `reached ${from} through docker-proxy alone`;
}

function kindOf(cell: Cell, effect: EffectGroup['effect']): Kind {
  const { asker, asked } = cell;
  if (effect === 'unknown' || effect === 'operator') {
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
