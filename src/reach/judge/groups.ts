import { isLoopback } from '../../net/address.ts';
import type { Asker, Cell, Effect } from '../cell.ts';
import type { Cause } from './cause.ts';
import { deciderKey, type Decider } from './decider.ts';
import type { JudgedCell } from './judge.ts';

/** A cell that was judged, or not yet. */
export type ToldCell = Cell &
  Partial<Pick<JudgedCell, 'differs' | 'cause' | 'decider'>> & { readonly accepted?: AcceptedUntil };

/** Why a difference may stay for a time: it was accepted until the end of a day. */
export interface AcceptedUntil {
  readonly id: string;
  readonly until: string;
  readonly reason: string;
}

/** Cells that differ alike: what it means for packets, whom it concerns, and why. */
export interface EffectGroup<C extends ToldCell = ToldCell> {
  readonly effect: Exclude<Effect, 'same'>;
  /** What the difference is for packets; that of `operator` tells what his rules close (`outage`) and open (`exposure`). */
  readonly differs: Differs;
  readonly difference: CellDifference;
  /** Why; absent for cells that nobody judged. */
  readonly cause?: Cause;
  /** Why all of them may stay; absent where they may not. */
  readonly accepted?: AcceptedUntil;
  /** What decides, that of most cells first; empty for cells that nobody judged. */
  readonly deciders: readonly Decider[];
  /** What it is about, each once: ports, containers, networks or pairs of networks; see {@link CellDifference}. */
  readonly names: readonly string[];
  readonly members: readonly C[];
}

export type Differs = Exclude<JudgedCell['differs'], 'same'>;

/** Which question fares otherwise, and what the names of its group are. */
export type CellDifference =
  /** It cannot be told what reaches a container. */
  | { readonly about: 'unknown' }
  /** A port, by an address of this host's. `loopback`: asked from outside by an address that only this host has. */
  | { readonly about: 'published'; readonly from: Asker['by']; readonly loopback: boolean }
  /**
   * A container asks the outside, or its name server. `internal`: it is on an internal network, and gets there. `port`: of the outside, where
   * it is not a usual one; 0 with ICMP.
   */
  | {
      readonly about: 'outside' | 'name-server';
      readonly internal: boolean;
      readonly port?: number;
      readonly proto?: Cell['proto'];
    }
  /** A container, by its own address. */
  | { readonly about: 'own-address'; readonly from: 'outside' | 'host' }
  /** A network, whose containers ask each other. */
  | { readonly about: 'within' }
  /** A pair of networks, whose containers ask each other. */
  | { readonly about: 'between' };

const ORDER: readonly Effect[] = ['outage', 'exposure', 'degraded', 'operator', 'unknown'];

interface Gathering<C extends ToldCell> {
  readonly as: Pick<EffectGroup, 'effect' | 'differs' | 'difference' | 'cause' | 'accepted'>;
  readonly names: Set<string>;
  readonly deciders: Map<string, { readonly decider: Decider; cells: number }>;
  readonly members: C[];
}

/** What differs, grouped by what it means for packets and why: what is lost first, and the most cells first; what was accepted last. */
export function groupsOf<C extends ToldCell>(cells: readonly C[]): readonly EffectGroup<C>[] {
  const groups = new Map<string, Gathering<C>>();
  for (const cell of cells) {
    const { effect, cause, decider, accepted } = cell;
    if (effect === 'same') continue;
    const differs = differsIn(cell, effect);
    const difference = differenceOf(cell, differs);
    // Each rule of the operator's is told by itself: it is what he knows.
    const own = effect === 'operator' && decider !== undefined ? deciderKey(decider) : '';
    const key = [effect, differs, JSON.stringify(difference), cause ?? '', own, accepted?.id ?? ''].join(
      '\n',
    );
    const group: Gathering<C> = groups.get(key) ?? {
      as: {
        effect,
        differs,
        difference,
        ...(cause !== undefined && { cause }),
        ...(accepted !== undefined && { accepted }),
      },
      ...{ names: new Set(), deciders: new Map(), members: [] },
    };
    groups.set(key, group);
    group.names.add(nameOf(cell, difference));
    if (decider !== undefined) addDecider(group.deciders, decider);
    group.members.push(cell);
  }
  return [...groups.values()]
    .map(({ as, names, deciders, members }): EffectGroup<C> => ({
      ...as,
      names: [...names],
      deciders: [...deciders.values()].sort((a, b) => b.cells - a.cells).map(({ decider }) => decider),
      members,
    }))
    .sort(
      (a, b) =>
        Number(a.accepted !== undefined) - Number(b.accepted !== undefined) ||
        ORDER.indexOf(a.effect) - ORDER.indexOf(b.effect) ||
        b.members.length - a.members.length,
    );
}

function addDecider(deciders: Gathering<ToldCell>['deciders'], decider: Decider): void {
  const known = deciders.get(deciderKey(decider)) ?? { decider, cells: 0 };
  deciders.set(deciderKey(decider), known);
  known.cells++;
}

/** A cell that nobody judged is no operator's. */
function differsIn({ differs }: ToldCell, effect: EffectGroup['effect']): Differs {
  if (differs !== undefined && differs !== 'same') return differs;
  return effect === 'operator' ? 'unknown' : effect;
}

function differenceOf({ asker, asked, proto, should }: Cell, differs: Differs): CellDifference {
  if (differs === 'unknown') return { about: 'unknown' };
  const from = asker.by;
  if (asked.what === 'published')
    return { about: 'published', from, loopback: from === 'outside' && isLoopback(asked.at) };
  if (asked.what === 'outside' || asked.what === 'name-server')
    return {
      about: asked.what,
      internal: differs === 'exposure' && should === 'stopped',
      ...(asked.what === 'outside' && asked.port !== undefined && { port: asked.port, proto }),
    };
  if (from !== 'container') return { about: 'own-address', from };
  return { about: asker.is === 'same-network' ? 'within' : 'between' };
}

function nameOf({ asker, asked }: Cell, { about }: CellDifference): string {
  const asking = asker.by === 'container' ? asker.spot : undefined;
  if (!('spot' in asked)) return asking?.container ?? '';
  const { container, network } = asked.spot;
  switch (about) {
    case 'published':
      return asked.what === 'published' ? `${container} ${String(asked.hostPort)}` : container;
    case 'within':
      return network;
    case 'between':
      return [asking?.network ?? '', network].sort().join(' and ');
    default:
      return container;
  }
}
