import { CLIENT, HOST } from '../lab/wire.ts';
import { flow, type Flow, type Places } from '../doctor/flows.ts';

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
export function cellOf(one: Flow, cells: readonly PrintedCell[]): PrintedCell | undefined {
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
