import { isReached } from '../matrix/packets.ts';
import type { Pair } from '../matrix/pairs.ts';
import { SOMEBODY, UPLINKS, onTheWire } from './outside.ts';

/** A cell as `reach --json --all` prints it. */
export interface PrintedCell {
  readonly effect: string;
  readonly differs: string;
  readonly cause: string | null;
  readonly family: string;
  readonly protocol: string;
  readonly from: string;
  readonly by: string | null;
  readonly source: string | null;
  readonly fromNetwork: string | null;
  readonly asked: string;
  readonly container: string | null;
  readonly network: string | null;
  readonly address: string;
  readonly port: number | null;
  readonly should: string;
  readonly is: string;
  readonly as: string | null;
  readonly reason: string;
}

/** Ports that stand for all outside. */
const OUTSIDE_PORTS: Readonly<Record<string, number>> = { tcp: 443, udp: 53 };

/**
 * The packets of a cell.
 *
 * @returns undefined where nobody in the lab can send them: somebody outside by another interface than the two uplinks
 */
export function pairOf(cell: PrintedCell): Pair | undefined {
  const { from, by, source, address, protocol } = cell;
  const isOutside = from === 'link' || from === 'outside';
  const uplink = UPLINKS.find(({ device }) => device === by);
  if (isOutside && uplink === undefined) return undefined;
  const port = String(cell.port ?? OUTSIDE_PORTS[protocol]);
  const asker = isOutside ? 'client' : (by ?? 'host');
  const to = isOutside ? onTheWire(address) : address;
  const sender =
    uplink === undefined || !isOutside
      ? undefined
      : from === 'link'
        ? `${source ?? ''}@${uplink.device}`
        : `${source ?? ''}#${String(uplink.mark)}`;
  return {
    name: `${isOutside ? `${source ?? ''} by ${by ?? ''}` : asker} → ${address}:${port}/${protocol}`,
    from: asker,
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    address: to,
    port: Number(port),
    about: [],
    ...(sender === undefined ? {} : { sender }),
  };
}

/** What packets say of a cell. `as` is the address seen; '' where it is stopped. */
export interface Fate {
  readonly is: 'reached' | 'stopped';
  readonly as: string;
}

/**
 * What an answer says of its cell.
 *
 * @param answer - as `ask` of test/support/matrix/packets.ts tells it
 * @param hosts - the host's own addresses: whom a packet from a container must come from, for anybody outside to answer it
 */
export function fateOf(cell: PrintedCell, answer: string, hosts: ReadonlySet<string>): Fate {
  const [, who = '', as = ''] = /^(\S+) saw (\S+)$/.exec(answer) ?? [];
  const stopped: Fate = { is: 'stopped', as: '' };
  if (!isReached(answer)) return stopped;
  // Another one answered.
  if (who !== (cell.container ?? SOMEBODY)) return stopped;
  // The lab's client has routes to containers and answers them all the same; nobody outside a lab would.
  if (cell.container === null && !hosts.has(as)) return stopped;
  return { is: 'reached', as };
}

/** What follows, by packets, of what Docker means to happen. */
export function effectBy(cell: PrintedCell, fate: Fate): string {
  const { should, from, source } = cell;
  if (should === 'no-promise') return 'same';
  if (should === 'stopped') return fate.is === 'stopped' ? 'same' : 'exposure';
  if (fate.is === 'stopped') return 'outage';
  const isOutside = from === 'link' || from === 'outside';
  return should === 'reached' && isOutside && fate.as !== source ? 'degraded' : 'same';
}

/**
 * What packets say otherwise than a cell.
 *
 * @param gateways - by network, the host's addresses on it: whom docker-proxy asks as
 * @returns undefined where they agree, or the cell says nothing
 */
export function refutationOf(
  cell: PrintedCell,
  fate: Fate,
  gateways: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  if (cell.is === 'unknown') return undefined;
  const isSaid = cell.is !== 'stopped';
  const name = pairOf(cell)?.name ?? '';
  const packets = fate.is === 'stopped' ? 'stopped' : `reached as ${fate.as}`;
  const said = `${name} (${cell.asked} of ${cell.container ?? 'outside'}): packets "${packets}", the table "${cell.is}${cell.as === null ? '' : ` as ${cell.as}`}" ${cell.reason}`;
  if (isSaid !== (fate.is === 'reached')) return said;
  if (!isSaid) return undefined;
  if (cell.is === 'reached') return fate.as === cell.as ? undefined : said;
  return gateways.get(cell.network ?? '')?.includes(fate.as) === true ? undefined : said;
}
