import { familyOf } from '../../../net/family.ts';
import { linkInside, linkOf, type Member } from '../../lookup.ts';
import { checksOf } from '../../checks/check.ts';
import { advise } from '../../remedies/proposal.ts';
import type { PeerCause } from '../peer.ts';
import { judgeWireMtu, type Crossing } from '../wire.ts';
import type { NodeWay } from './tunnel.ts';

/** Bytes around a packet in VXLAN: an Ethernet header, VXLAN's, UDP's, and IP's of the family that the nodes speak. */
const AROUND = { ipv4: 50, ipv6: 70 } as const;
/** And what Docker leaves for encryption. */
const SEALED = 26;

/** Whether the largest packets of both containers fit the wire, once they are in VXLAN. */
export function judgeOverlayMtu(
  there: NodeWay,
  back: NodeWay,
  from: Member,
  to: Member | undefined,
): readonly PeerCause[] {
  const inner = Math.min(
    ...[from, ...(to === undefined ? [] : [to])].flatMap((member) => linkInside(member)?.mtu ?? []),
  );
  if (!Number.isFinite(inner)) return [];
  const found = [there, back].flatMap(({ crossing }) => {
    const largest = inner + AROUND[familyOf(crossing.packet.address)] + (from.network.encrypted ? SEALED : 0);
    const own = judgeOwn(crossing, largest, inner, from.network.name);
    return own.length > 0 ? own : judgeWireMtu(crossing, largest);
  });
  // One interface that takes too little is told once, by the direction that meets it first.
  return found.slice(0, 1);
}

function judgeOwn(
  { packet, from }: Crossing,
  largest: number,
  inner: number,
  network: string,
): readonly PeerCause[] {
  const link = linkOf(from.facts.netState, packet.dev);
  if (link === undefined || link.mtu >= largest) return [];
  const { host } = from.about;
  return [
    {
      ...{ place: 'between', host },
      check: checksOf('wire').fail(
        'overlay-mtu',
        `packets of overlay ${network} do not fit ${packet.dev} of ${host}`,
        {
          about: packet.dev,
          meaning: `its containers send up to ${String(inner)} bytes, with VXLAN ${String(largest)}: connections open, and hang with the first large packet`,
          evidence: [
            `${host}: ${packet.dev} mtu ${String(link.mtu)}`,
            `${network}: mtu ${String(inner)} inside`,
          ],
          remedies: [
            advise(
              `make ${network} again with -o com.docker.network.driver.mtu=${String(inner - (largest - link.mtu))}, or give ${packet.dev} and all between an MTU of ${String(largest)}`,
            ),
          ],
        },
      ),
    },
  ];
}
