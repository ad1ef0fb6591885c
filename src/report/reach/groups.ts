import {
  groupsOf,
  type CellDifference,
  type Differs,
  type EffectGroup,
  type ToldCell,
} from '../../reach/judge/groups.ts';
import { count } from '../text.ts';
import { deciderReason, reasonOf } from './words.ts';

/** A group in words. */
export interface ToldGroup extends EffectGroup {
  /** `24 published ports unreachable from outside`. */
  readonly headline: string;
  /** Why, the reason of most cells first. */
  readonly reasons: readonly string[];
  readonly cells: number;
}

/** What differs, grouped as `groupsOf` does, in words. */
export const toldGroups = (cells: readonly ToldCell[]): readonly ToldGroup[] =>
  groupsOf(cells).map((group) => ({
    ...group,
    headline: headlineOf(group),
    reasons: reasonsOf(group),
    cells: group.members.length,
  }));

/** Why the cells of a group differ, each reason once, that of most cells first. */
export function reasonsOf({ members }: Pick<EffectGroup, 'members'>): readonly string[] {
  const reasons = new Map<string, number>();
  for (const cell of members) {
    const reason = reasonIn(cell);
    if (reason !== '') reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [...reasons].sort((a, b) => b[1] - a[1]).map(([reason]) => reason);
}

/** Why a cell is as it is, '' where nothing is to be said. What is lost is told by what becomes of the packet, everything else by what decides. */
export function reasonIn({ is, cause, decider }: ToldCell): string {
  if (cause === 'lost' && is.is === 'reached')
    return 'rules that close it are lost, or packets no longer pass them first';
  return cause === undefined || cause === 'lost' || decider === undefined
    ? reasonOf(is)
    : deciderReason(decider, is);
}

/** ` at 25/tcp`, ` by ICMP`; '' where a usual port is asked. */
function atPort({ port, proto }: Extract<CellDifference, { about: 'outside' | 'name-server' }>): string {
  if (port === undefined || proto === undefined) return '';
  return proto === 'icmp' ? ' by ICMP' : ` at ${String(port)}/${proto}`;
}

/** `unreachable from outside`, `reached from outside through docker-proxy alone`. */
function howReached(differs: Differs, from: string): string {
  if (differs === 'outage') return `unreachable ${from}`;
  return differs === 'exposure' ? `reachable ${from}` : `reached ${from} through docker-proxy alone`;
}

const FROM = { outside: 'from outside', host: 'from this host', container: 'from containers' } as const;

/** What a group means for packets, in one line without names that are many. */
export function headlineOf({
  difference,
  differs,
  names,
}: Pick<EffectGroup, 'difference' | 'differs' | 'names'>): string {
  const number = names.length;
  const [whose, not] = [number === 1 ? 'its' : 'their', differs === 'exposure' ? '' : 'do not '];
  switch (difference.about) {
    case 'unknown':
      return `cannot tell what reaches ${count(number, 'container')}`;
    case 'published': {
      const { from, loopback } = difference;
      const what = loopback
        ? `${count(number, 'port')} of the loopback address`
        : count(number, 'published port');
      const by = from === 'container' ? ', by an address of this host' : '';
      return `${what} ${howReached(differs, FROM[from])}${by}`;
    }
    case 'outside':
    case 'name-server': {
      const whom =
        difference.about === 'outside' ? `the outside${atPort(difference)}` : `${whose} name server`;
      const verb =
        differs === 'exposure'
          ? number === 1
            ? 'reaches'
            : 'reach'
          : `${number === 1 ? 'does' : 'do'} not reach`;
      return `${count(number, 'container')}${difference.internal ? ' of internal networks' : ''} ${verb} ${whom}`;
    }
    case 'own-address':
      return `${count(number, 'container')} ${howReached(differs, FROM[difference.from])}, by ${whose} own address`;
    case 'within':
      return `containers of ${count(number, 'network')} ${not}reach each other`;
    case 'between':
      return number === 1
        ? `networks ${names[0] ?? ''} ${not}reach each other`
        : `${String(number)} pairs of networks ${not}reach each other`;
  }
}
