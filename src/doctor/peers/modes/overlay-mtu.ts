import { MTU_OPTION } from '../../../docker/options.ts';
import { familyOf } from '../../../net/family.ts';
import { checksOf } from '../../checks/check.ts';
import type { Check } from '../../diagnosis.ts';
import { linkInside, linkOf, type Member } from '../../lookup.ts';
import { advise } from '../../remedies/proposal.ts';
import type { PeerCause } from '../peer.ts';
import { judgeWireMtu, type Crossing } from '../wire.ts';

/** Bytes around a packet in VXLAN: an Ethernet header, VXLAN's, UDP's, and IP's of the family that the nodes speak. */
const AROUND = { ipv4: 50, ipv6: 70 } as const;
/** And what Docker leaves for encryption. */
const SEALED = 26;

/** The packets of both containers of an overlay on the wire, there and back. */
interface TunnelledEnds {
  readonly crossings: readonly Crossing[];
  readonly from: Member;
  readonly to: Member | undefined;
}

/** The largest packet that both containers agree on; undefined where neither could be seen. */
function innerOf({ from, to }: TunnelledEnds): number | undefined {
  const sizes = [from, to].flatMap((member) => (member && linkInside(member)?.mtu) ?? []);
  return sizes.length === 0 ? undefined : Math.min(...sizes);
}

const outerOf = (inner: number, { packet }: Crossing, { network }: Member): number =>
  inner + AROUND[familyOf(packet.address)] + (network.encrypted ? SEALED : 0);

/** Packets in VXLAN that are larger than the other end of the wire takes: nobody tells the sender. */
export function judgeOverlayMtu(ends: TunnelledEnds): readonly PeerCause[] {
  const inner = innerOf(ends);
  if (inner === undefined) return [];
  return ends.crossings
    .flatMap((crossing) => judgeWireMtu(crossing, outerOf(inner, crossing, ends.from)))
    .slice(0, 1);
}

/** Packets that in VXLAN do not fit the interface they leave by: the kernel tells their containers to send smaller ones. */
export function noteOverlayMtu(ends: TunnelledEnds): readonly Check[] {
  const inner = innerOf(ends);
  if (inner === undefined) return [];
  const { name } = ends.from.network;
  return ends.crossings.flatMap((crossing) => {
    const { packet, from } = crossing;
    const link = linkOf(from.facts.netState, packet.dev);
    const over = link === undefined ? 0 : outerOf(inner, crossing, ends.from) - link.mtu;
    if (over <= 0) return [];
    return [
      checksOf('wire').warn(
        'overlay-mtu',
        `the largest packets of overlay ${name} do not fit ${packet.dev} of ${from.about.host}, by ${String(over)} bytes`,
        {
          about: packet.dev,
          meaning:
            'kernels from 5.9 on tell containers to send smaller ones; older ones send them in two parts, which some networks drop',
          remedies: [advise(`make ${name} again with -o ${MTU_OPTION}=${String(inner - over)}`)],
        },
      ),
    ];
  });
}
