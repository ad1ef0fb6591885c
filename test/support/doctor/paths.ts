import type { NamedPath } from '../../../src/doctor/diagnosis.ts';
import { makeRule } from '../../../src/firewall/iptables/text/model.ts';
import type { Packet } from '../../../src/trace/packet.ts';
import type { PathEnd } from '../../../src/trace/path.ts';
import { CLIENT, HOST } from '../lab/wire.ts';
import type { Inhabitant, ProbedTown } from './probes/probed-town.ts';

/** One end of a path: an address, and the interface on this host that leads there. */
interface End {
  readonly address: string;
  readonly link: string;
  readonly port?: number;
}

const PACKET: Packet = {
  family: 'ipv4',
  inInterface: '',
  outInterface: '',
  inPort: '',
  source: '',
  destination: '',
  protocol: 'tcp',
  sourcePort: 40_000,
  destinationPort: 80,
  state: 'NEW',
  mark: 0,
  connmark: 0,
  translated: { source: false, destination: false },
  original: { source: '', destination: '', destinationPort: 80 },
};

/** A path as a trace would have it. */
export function pathOf(
  kind: NamedPath['kind'],
  name: string,
  from: End,
  to: End,
  given: {
    readonly protocol?: string;
    readonly asked?: { readonly address: string; readonly port: number };
    readonly end?: PathEnd;
    readonly shouldPass?: boolean;
    readonly subjects?: readonly string[];
  } = {},
): NamedPath {
  const {
    protocol = 'tcp',
    end = { at: 'sent', outInterface: to.link, nextHop: '' },
    shouldPass = true,
  } = given;
  const asked = given.asked ?? { address: to.address, port: to.port ?? 80 };
  const packet = {
    ...PACKET,
    protocol,
    source: from.address,
    inInterface: from.link,
    destination: asked.address,
    destinationPort: asked.port,
  };
  const last = {
    ...packet,
    outInterface: to.link,
    destination: to.address,
    destinationPort: to.port ?? 80,
  };
  const verdict = end.at === 'sent' ? 'ok' : 'fail';
  const path = { packet, last, steps: [], end };
  return { name, kind, subjects: given.subjects ?? [], shouldPass, verdict, path, flaw: '' };
}

/** The end of a path at a rule. */
export const stoppedBy = (text: string, table = 'filter'): PathEnd => {
  const rule = makeRule(text);
  return { at: 'stopped', hook: 'FORWARD', variant: 'nft', table, chain: rule.chain, rule, target: 'DROP' };
};

const outside: End = { address: CLIENT.ipv4, link: 'eth0' };
const at = ({ ipv4, bridge }: Inhabitant): End => ({ address: ipv4, link: bridge });

/**
 * Paths of the town while all is well.
 *
 * @param saved - the rules
 */
export function healthyPaths({ web, db, far }: ProbedTown, saved: string) {
  const isolated = `-A DOCKER-ISOLATION-STAGE-2 -o ${web.bridge} -j DROP`;
  const closed = `-A PREROUTING -d ${web.ipv4}/32 ! -i ${web.bridge} -j DROP`;
  // Before Engine 28 networks are kept apart by filter; since then raw is the first to do so.
  const end = saved.includes(closed) ? stoppedBy(closed, 'raw') : stoppedBy(isolated);

  const tcp = { asked: { address: HOST.ipv4, port: 8080 } };
  const udp = { protocol: 'udp', asked: { address: HOST.ipv4, port: 5353 } };
  return {
    published: pathOf('published', 'outside → 192.0.2.1:8080/tcp → web:80', outside, at(web), tcp),
    datagram: pathOf(
      'published',
      'outside → 192.0.2.1:5353/udp → web:5353',
      outside,
      { ...at(web), port: 5353 },
      udp,
    ),
    outbound: pathOf('outbound', 'web → outside', at(web), outside, { subjects: ['web'] }),
    ping: pathOf('outbound', 'web → outside, ping', at(web), outside, { protocol: 'icmp' }),
    beside: pathOf('same-network', 'db → web:80', at(db), at(web)),
    across: pathOf('other-network', 'far → web:80', at(far), at(web), { shouldPass: false, end }),
    host: pathOf('host', 'this host → web:80', { address: web.gateway, link: '' }, at(web)),
  };
}

/** Paths to the container whose service listens on loopback alone. */
export function shutPaths({ db, shut }: ProbedTown): readonly [NamedPath, NamedPath] {
  const asked = { address: HOST.ipv4, port: 8081 };
  return [
    pathOf('published', 'outside → 192.0.2.1:8081/tcp → shut:80', outside, at(shut), { asked }),
    pathOf('same-network', 'db → shut:80', at(db), at(shut)),
  ];
}
