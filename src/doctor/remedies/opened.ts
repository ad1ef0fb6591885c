import type { Cell } from '../../reach/cell.ts';
import { cellKey } from '../../reach/cell-key.ts';
import { wayOf } from '../../reach/judge/foreign.ts';
import { hostAsking, reachTable, type HostAsking } from '../../reach/table.ts';
import type { Terrain } from '../../reach/terrain.ts';
import { memory } from '../../trace/memory.ts';
import { cellsIn } from '../cells.ts';
import type { Facts } from '../facts/facts.ts';
import type { PathRequest } from '../paths/request.ts';
import { whoseStop } from '../whose.ts';

/** What of a path says what it asks. */
export type AskedPath = Pick<PathRequest, 'packet' | 'goal' | 'kind' | 'byProxy'>;

interface HostTable {
  readonly asking: HostAsking;
  readonly cells: readonly Cell[];
}

const tables = memory<HostTable>();

/** The table of a host as it is. */
const tableOf = (terrain: Terrain): HostTable =>
  tables(terrain.netState, '', () => {
    const asking = hostAsking(terrain);
    return { asking, cells: reachTable(terrain, asking) };
  });

const isOpen = ({ is: { is } }: Pick<Cell, 'is'>): boolean => is === 'reached' || is === 'proxied';

/** What is not known may be open. */
const mayBeOpen = (cell: Cell): boolean =>
  isOpen(cell) || (cell.is.is === 'unknown' && cell.should === 'stopped');

/**
 * What a change opens that Docker means to be stopped, or that was closed on purpose.
 *
 * @param asked - what it is meant to open: the same ports for the same askers are left out
 * @returns none where what Docker means is not known
 */
export function openedBy(before: Facts, after: Facts, asked: readonly AskedPath[]): readonly Cell[] {
  const { intended } = before;
  if (intended === undefined) return [];
  const { asking, cells } = tableOf({ ...intended, netState: before.netState });
  const was = new Map(cells.map((cell) => [cellKey(cell), cell]));
  return reachTable({ ...intended, netState: after.netState }, asking).filter((cell) => {
    const known = was.get(cellKey(cell));
    if (known === undefined || isOpen(known) || !mayBeOpen(cell) || known.is.is === cell.is.is) return false;
    return isClosed(known, before) && !asked.some((request) => isAsked(cell, request));
  });
}

/**
 * What a restore leaves open that nobody means and that is stopped now: rules of others decide it once Docker's are back. What the
 * operator's own rules open then is his.
 *
 * @returns none where what Docker means, or whose a rule is, is not known
 */
export function exposedBy(before: Facts, after: Facts): readonly Cell[] {
  const { intended } = before;
  if (intended === undefined) return [];
  const { cells } = tableOf({ ...intended, netState: before.netState });
  const open = new Set(cells.filter(isOpen).map(cellKey));
  return (cellsIn(after)?.cells ?? []).filter(
    (cell) => cell.differs === 'exposure' && cell.cause !== 'operator' && !open.has(cellKey(cell)),
  );
}

/** Whether it matters that a cell is opened: Docker means it to be stopped, or somebody closed it on purpose. */
function isClosed({ should, is, family, asker, asked }: Cell, facts: Facts): boolean {
  if (should === 'stopped') return true;
  // Who may ask may be answered: an answer that is lost closes nothing.
  if (is.is !== 'stopped' || is.leg === 'answer') return false;
  const { end, outcome } = is;
  // What is led elsewhere and stopped there, nobody closed.
  if (outcome.is !== 'stopped' || end.at !== 'stopped') return false;
  const decider = whoseStop({ end, family, hook: end.hook, way: wayOf(asker, asked, 'outage') }, facts);
  return decider === 'operator' || (decider === 'docker' && should === 'no-promise');
}

/** Whether a cell is one that was asked about: the same port of the same container, by whatever address, for the same asker. */
function isAsked({ proto, asker, asked }: Cell, { packet, goal, kind, byProxy }: AskedPath): boolean {
  if (byProxy === true) return false;
  const isAsker =
    asker.by === 'outside'
      ? packet.inInterface === asker.interface
      : asker.by === 'host'
        ? packet.inInterface === ''
        : packet.inInterface === asker.spot.bridge && packet.source === asker.spot.address;
  if (!isAsker) return false;
  if (asked.what === 'outside' || asked.what === 'name-server')
    return goal.to !== 'container' && asker.by === 'container' && asker.spot.address === packet.source;
  // What docker-proxy takes for a container ends at this host.
  if (goal.to === 'host')
    return (
      asked.what === 'published' && proto === packet.protocol && asked.hostPort === packet.destinationPort
    );
  if (goal.to !== 'container') return false;
  if (kind === 'same-network') return asked.spot.address === goal.address;
  if (proto !== packet.protocol) return false;
  if (asked.spot.address !== goal.address || asked.port !== goal.port) return false;
  // By the container's own address only where that was what was asked.
  return asked.what === 'published' || packet.destination === goal.address;
}
