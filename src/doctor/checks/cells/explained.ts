import { deciderKey } from '../../../reach/judge/decider.ts';
import { spotsIn, type OpenCell } from '../../cells.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Followed } from '../../paths/follow.ts';

/** What a diagnosis has told already. */
export interface AlreadyTold {
  /** Failed checks, of what concerns the target. */
  readonly failed: readonly Check[];
  /** Paths that fail, and are told. */
  readonly followed: readonly Followed[];
}

/** Cells that nothing told explains. What decides about a cell that is explained explains every other cell that it decides. */
export function unexplained(
  cells: readonly OpenCell[],
  told: AlreadyTold,
  facts: Pick<Facts, 'networks'>,
): readonly OpenCell[] {
  const bridges = new Set(facts.networks.map(({ bridge }) => bridge));
  const explaining = new Set(
    cells
      .filter((cell) => isTold(cell, told) || told.followed.some((one) => isSameWay(cell, one, bridges)))
      .map(keyOf),
  );
  return cells.filter((cell) => !explaining.has(keyOf(cell)));
}

/** What makes one cause of many cells. What is lost is one, whatever stops its packets now. */
export const keyOf = ({ cause, decider }: OpenCell): string =>
  cause === 'lost' ? cause : `${cause} ${deciderKey(decider)}`;

/** Its fault is that Docker's rules are lost: what a restore does not repair is another. */
export const LOSSES: ReadonlySet<string> = new Set([
  ...['rules-lost', 'rules-stale', 'tables-lost', 'half-healed'],
]);

const isTold = (cell: OpenCell, { failed }: AlreadyTold): boolean =>
  failed.some((check) => explainsCell(check, cell));

/** Whether a failed check says why a cell is not as it is meant. */
export function explainsCell(check: Check, cell: OpenCell): boolean {
  const { section, code, impairs, evidence } = check;
  // What is wrong inside a container changes nothing of what the host does.
  if (section === 'container' || section === 'proof') return false;
  if (LOSSES.has(code)) return cell.cause === 'lost';
  if (impairs === 'all') return true;
  if (cell.cause !== 'overridden') return true;
  const { decider } = cell;
  const text = decider.by === 'rule' ? decider.rule.text : decider.by === 'native' ? decider.rule : '';
  return evidence.includes(text) || isNamed(cell, check);
}

/** A check of something that was read, such as a bridge, explains what its containers and networks lose. */
const isNamed = (cell: OpenCell, { section, impairs }: Check): boolean =>
  section !== 'path' &&
  Array.isArray(impairs) &&
  spotsIn(cell).some(({ container, network }) => impairs.includes(container) || impairs.includes(network));

/** Whether a path asks what a cell asks: the same port of the same container, or the outside, for an asker of the same kind. */
export function isSameWay(cell: OpenCell, { request }: Followed, bridges: ReadonlySet<string>): boolean {
  const { asker, asked, effect } = cell;
  const { packet, goal } = request;
  // A path that fails is a way that is lost; what is open is none of it.
  if (effect === 'exposure') return false;
  const kind = packet.inInterface === '' ? 'host' : bridges.has(packet.inInterface) ? 'container' : 'outside';
  if (asker.by !== kind) return false;
  if (!('spot' in asked))
    return goal.to !== 'container' && asker.by === 'container' && asker.spot.address === packet.source;
  if (goal.to !== 'container' || goal.address !== asked.spot.address) return false;
  return asked.what !== 'published' || (goal.port === asked.port && packet.protocol === cell.proto);
}
