import type { OverlayEra } from '../../../docker/era.ts';
import type { MeshIntent, OverlayIntent } from '../../../docker/intent/values.ts';
import type { WriteContext } from './writing.ts';

const LOCAL = '-m addrtype --dst-type LOCAL -j DOCKER-INGRESS';

/**
 * The routing mesh (docs/reference/docker-iptables.md#routing-mesh). Its chains come with the first published service port
 * and stay when the last one goes, so without a port none is required.
 */
export function writeIngress({ book, era }: WriteContext, { bridge, address, ports }: MeshIntent): void {
  for (const table of ['nat', 'filter']) {
    book.create(table, 'DOCKER-INGRESS');
    book.append(table, 'DOCKER-INGRESS', '-j RETURN');
  }
  book.insert('nat', 'PREROUTING', LOCAL);
  book.insert('nat', 'OUTPUT', LOCAL);
  if (era.layout === 'chains') book.insert('filter', 'DOCKER-FORWARD', '-j DOCKER-INGRESS');
  else {
    book.insert('filter', 'FORWARD', '-j DOCKER-INGRESS');
    book.raise('filter', 'FORWARD', '-j DOCKER-USER');
  }
  book.insert('nat', 'POSTROUTING', `-o ${bridge} -m addrtype --src-type LOCAL -j MASQUERADE`);
  for (const { proto, port } of ports) {
    const at = String(port);
    book.insert(
      'nat',
      'DOCKER-INGRESS',
      `-p ${proto} -m ${proto} --dport ${at} -j DNAT --to-destination ${address}:${at}`,
    );
    const established =
      era.ingressMatch === 'state'
        ? `-p ${proto} -m state --state RELATED,ESTABLISHED -m ${proto} --sport ${at} -j ACCEPT`
        : `-p ${proto} -m ${proto} --sport ${at} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`;
    book.insert('filter', 'DOCKER-INGRESS', established);
    book.insert('filter', 'DOCKER-INGRESS', `-p ${proto} -m ${proto} --dport ${at} -j ACCEPT`);
  }
}

/** An encrypted overlay with an endpoint on this node (docs/reference/docker-iptables.md#encrypted-overlays). */
export function writeOverlay({ book, era, overlayByBpf }: WriteContext, { vni, port }: OverlayIntent): void {
  const overlay = overlayByBpf ? { ...era.overlay, match: 'bpf' as const } : era.overlay;
  const vxlan = `-m udp --dport ${String(port)} ${vniMatch(vni, overlay)}`;
  book.append('mangle', 'OUTPUT', `-p udp ${vxlan} -j MARK --set-xmark 0xd0c4e3/0xffffffff`);
  if (overlay.input === 'accept-then-drop') {
    book.append('filter', 'INPUT', `-p udp -m policy --dir in --pol ipsec ${vxlan} -j ACCEPT`);
    book.append('filter', 'INPUT', `-p udp ${vxlan} -j DROP`);
    return;
  }
  book.insert('filter', 'INPUT', `-p udp -m policy --dir in --pol none ${vxlan} -j DROP`);
  if (overlay.input === 'drop-and-accept')
    book.append('filter', 'INPUT', `-p udp -m policy --dir in --pol ipsec ${vxlan} -j ACCEPT`);
}

function vniMatch(vni: number, { match, bytecode }: OverlayEra): string {
  const shifted = vni * 256;
  if (match === 'u32') return `-m u32 --u32 "0x0>>0x16&0x3c@0xc&0xffffff00=0x${shifted.toString(16)}"`;
  const code =
    bytecode === 'old'
      ? `6,177 0 0 0,64 0 0 12,84 0 0 4294967040,21 1 0 ${String(shifted)},6 0 0 0,6 0 0 4294967295`
      : `7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 ${String(vni)},6 0 0 0,6 0 0 4294967295`;
  return `-m bpf --bytecode "${code}"`;
}
