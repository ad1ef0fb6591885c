import { CLIENT, HOST } from '../lab/wire.ts';
import { isReached } from '../matrix/packets.ts';
import { flow, type Flow, type Places } from '../doctor/flows.ts';
import type { Measured } from '../doctor/scene.ts';

/** A cell as `reach --json --all` prints it. */
export interface PrintedCell {
  readonly effect: string;
  readonly family: string;
  readonly protocol: string;
  readonly from: string;
  readonly by: string | null;
  readonly fromNetwork: string | null;
  readonly asked: string;
  readonly container: string | null;
  readonly network: string | null;
  readonly address: string;
  readonly port: number | null;
  readonly should: string;
  readonly is: string;
  readonly reason: string;
}

/** Flows of the scene that the table does not ask, and why. */
export const NOT_ASKED: ReadonlyMap<string, string> = new Map([
  [
    'desk → name of shop',
    "a name server inside the container's own network namespace: no rule of the host's decides",
  ],
  ['web → host service', 'a service of the host itself: Docker promises nothing of it'],
]);

/** Networks of the scene's containers. */
const NETWORKS: ReadonlyMap<string, string> = new Map([
  ['web', 'bridge'],
  ['mate', 'bridge'],
  ['shop', 'front'],
  ['desk', 'front'],
  ['api', 'back'],
]);

/** Long patience for a flow that some damages let through. */
const PERHAPS = 'perhaps';

/** Flows beside the scene's own: those that damages let through, or that reach a container another way. */
export function moreFlows(places: Places): readonly Flow[] {
  const at = (name: string, port: number) => `${places.get(name)?.ipv4 ?? ''}:${String(port)}/tcp`;
  const api6 = places.get('api')?.ipv6 ?? '';
  return [
    flow('client', 'web itself', at('web', 80), PERHAPS),
    flow('client', 'web itself, unpublished', at('web', 81), PERHAPS),
    flow('client', 'mate itself, unpublished', at('mate', 81), PERHAPS),
    flow('client', 'api6 itself', `${api6}:80/tcp`, PERHAPS),
    flow('client', 'shop:8081 by the second address', `${HOST.second}:8081/tcp`, PERHAPS),
    flow('host', 'mate, unpublished', at('mate', 81), PERHAPS),
    flow('host', 'api6:9000', `${HOST.ipv6}:9000/tcp`, PERHAPS),
    flow('host', 'loopback6:9000', '::1:9000/tcp', PERHAPS),
    flow('mate', 'web, unpublished', at('web', 81), PERHAPS),
    flow('mate', 'shop, asked patiently', at('shop', 80), PERHAPS),
    flow('mate', 'shop, unpublished', at('shop', 81), PERHAPS),
    flow('desk', 'web', at('web', 80), PERHAPS),
    flow('api', 'mate, unpublished', at('mate', 81), PERHAPS),
    flow('web', 'web:8080 by host', `${HOST.ipv4}:8080/tcp`, PERHAPS),
    flow('api', 'client udp', `${CLIENT.ipv4}:5353/udp`, PERHAPS),
  ];
}

/** The cell that says what becomes of a flow; undefined where none does. */
function cellOf(one: Flow, cells: readonly PrintedCell[]): PrintedCell | undefined {
  const { address, port, protocol } = one;
  const proto = protocol === 'udp' ? 'udp' : 'tcp';
  const asked = cells.filter(
    (cell) =>
      cell.protocol === proto &&
      cell.address === address &&
      // Outside any port stands for all.
      (cell.asked === 'outside' || cell.port === port),
  );
  const candidates = asked.filter((cell) => isAsker(one.from, cell));
  // Of containers that fare alike one asks for all of its network.
  return candidates.find(({ by }) => by === one.from) ?? candidates[0];
}

function isAsker(from: string, cell: PrintedCell): boolean {
  if (from === 'client') return cell.from === 'link' && cell.by === 'eth0';
  if (from === 'host') return cell.from === 'host';
  if (cell.from === 'itself') return cell.container === from;
  return (
    cell.container !== from &&
    ['container', 'same-network', 'other-network'].includes(cell.from) &&
    cell.fromNetwork === NETWORKS.get(from) &&
    (cell.from !== 'container' || cell.by === from)
  );
}

/** What packets say otherwise than the table, one line each, and flows that no cell is of. */
export function refutations(
  measured: readonly Measured[],
  cells: readonly PrintedCell[],
  places: Places,
): readonly string[] {
  return measured
    .filter(({ flow: { name } }) => !NOT_ASKED.has(name))
    .flatMap(({ flow: one, answer }) => {
      const cell = cellOf(one, cells);
      if (cell === undefined) return [`${one.name}: no cell`];
      if (cell.is === 'unknown') return [];
      const said = `${one.name}: packets "${answer}", the table "${cell.is}" ${cell.reason}`;
      if (isMasqueradeLost(cell, answer)) return cell.reason.endsWith(UNMASKED) ? [] : [said];
      if (isReached(answer) !== (cell.is !== 'stopped')) return [said];
      const isHidden = hidesAsker(one, answer, cell, places);
      return isHidden === undefined || isHidden === (cell.is === 'docker-proxy') ? [] : [said];
    });
}

const UNMASKED = 'leaves with an address nobody outside can answer';

/**
 * Whether somebody outside saw a container's own address. The scene's client has routes to containers and answers all the same,
 * where raw lets the answer in; nobody outside a lab would.
 */
const isMasqueradeLost = ({ asked }: PrintedCell, answer: string): boolean =>
  asked === 'outside' && isReached(answer) && answer !== HOST.ipv4 && answer !== HOST.ipv6;

/** Whether whoever was asked saw another address than the asker's; undefined where that tells nothing of docker-proxy. */
function hidesAsker(one: Flow, answer: string, cell: PrintedCell, places: Places): boolean | undefined {
  const seen = / saw (.+)$/.exec(answer)?.[1];
  // A container that asks itself by the host wears the gateway's address either way.
  if (seen === undefined || cell.asked !== 'published' || cell.from === 'itself') return undefined;
  const at = one.from === 'client' ? CLIENT : places.get(one.from);
  const own = one.from === 'host' ? one.address : cell.family === 'ipv6' ? at?.ipv6 : at?.ipv4;
  return seen !== own;
}
