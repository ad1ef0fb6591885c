import { PIECE, spec, type Captures, type Shape } from './shape.ts';

const { bridge, iface, ip, subnet, proto, established, vxlan, address } = PIECE;

const forward = (phase: number) => () => [{ scope: 'forward', phase }];
const ofBridge = (captures: Captures): string => `bridge ${captures.bridge ?? ''}`;

/**
 * A per-bridge rule of Engines before 28: after the jumps (28.0.0: after the one by address set, which closes other networks'
 * ports), and its DROP after the bridge's own jump to DOCKER.
 */
const bridgeForward = (phase?: number) => (captures: Captures) => [
  { scope: 'forward', phase: 4 },
  ...(phase === undefined ? [] : [{ scope: ofBridge(captures), phase }]),
];

const forwardShape = (shape: Pick<Shape, 'id' | 'targets' | 'pattern'> & Partial<Shape>): Shape => ({
  table: 'filter',
  chains: ['FORWARD'],
  level: 'network',
  needs: 'nothing',
  placed: 'top',
  ...shape,
});

const NAT_SOURCE = `-j (?<target>MASQUERADE|SNAT --to-source ${address})`;

/**
 * The entry rules: what Engines 17.06 to 29 (iptables backend) write into built-in chains. Source: docker-rules §1, run
 * on 20.10.24, 26.1.5 and 28.5.2; the others read in the moby source.
 */
// prettier-ignore
export const ENTRY_SHAPES: readonly Shape[] = [
  forwardShape({ id: 'forward-user', targets: ['DOCKER-USER'], pattern: spec('-j DOCKER-USER'), level: 'daemon', order: () => [{ scope: 'forward', phase: 0 }, { scope: 'user', phase: 0 }] }),
  forwardShape({ id: 'forward-forward', targets: ['DOCKER-FORWARD'], pattern: spec('-j DOCKER-FORWARD'), level: 'daemon', order: forward(2) }),
  forwardShape({ id: 'forward-isolation', targets: ['DOCKER-ISOLATION', 'DOCKER-ISOLATION-STAGE-1'], pattern: spec('-j DOCKER-ISOLATION(?:-STAGE-1)?'), level: 'daemon', order: forward(2) }),
  forwardShape({ id: 'forward-ingress', targets: ['DOCKER-INGRESS'], pattern: spec('-j DOCKER-INGRESS'), level: 'ingress', order: forward(1) }),
  forwardShape({ id: 'forward-overlay', chains: ['FORWARD', 'OUTPUT'], targets: ['DOCKER-OVERLAY'], pattern: spec('-j DOCKER-OVERLAY'), level: 'overlay', order: () => [{ scope: 'user', phase: 1 }] }),
  forwardShape({ id: 'forward-docker', targets: ['DOCKER'], pattern: spec(`-o ${bridge} -j DOCKER`), order: bridgeForward(0) }),
  forwardShape({ id: 'forward-set-docker', targets: ['DOCKER'], pattern: spec('-m set --match-set docker-ext-bridges-v[46] dst -j DOCKER'), level: 'daemon', order: forward(3) }),
  forwardShape({ id: 'forward-set-established', targets: ['ACCEPT'], pattern: spec(`-m set --match-set docker-ext-bridges-v[46] dst ${established} -j ACCEPT`), level: 'daemon', order: () => [{ scope: 'user', phase: 1 }] }),
  forwardShape({ id: 'forward-established', targets: ['ACCEPT'], pattern: spec(`-o ${bridge} ${established} -j ACCEPT`), needs: 'forward-bridge', order: bridgeForward() }),
  forwardShape({ id: 'forward-out', targets: ['ACCEPT'], pattern: spec(`-i ${bridge} ! -o \\k<bridge> -j ACCEPT`), needs: 'forward-bridge', order: bridgeForward() }),
  forwardShape({ id: 'forward-icc-accept', targets: ['ACCEPT'], pattern: spec(`-i ${bridge} -o \\k<bridge> -j ACCEPT`), needs: 'forward-bridge', order: bridgeForward() }),
  forwardShape({ id: 'forward-icc-drop', targets: ['DROP'], pattern: spec(`-i ${bridge} -o \\k<bridge> -j DROP`), needs: 'forward-bridge', placed: 'bottom', order: bridgeForward(1) }),
  // 28.0.0 alone; from a user's hand the same text means something else, so the set rules of 28.0.0 must stand beside it.
  forwardShape({ id: 'forward-any-out', targets: ['ACCEPT'], pattern: spec(`-i ${bridge} -j ACCEPT`), needs: 'sets', placed: 'bottom', order: bridgeForward() }),

  { id: 'overlay-plain-drop', table: 'filter', chains: ['INPUT'], targets: ['DROP'], pattern: spec(`-p udp -m policy --dir in --pol none ${vxlan} -j DROP`), level: 'overlay', needs: 'nothing', placed: 'top' },
  { id: 'overlay-ipsec-accept', table: 'filter', chains: ['INPUT'], targets: ['ACCEPT'], pattern: spec(`-p udp -m policy --dir in --pol ipsec ${vxlan} -j ACCEPT`), level: 'overlay', needs: 'nothing', placed: 'bottom', order: (captures) => [{ scope: `vni ${captures.vni ?? ''}`, phase: 0 }] },
  { id: 'overlay-any-drop', table: 'filter', chains: ['INPUT'], targets: ['DROP'], pattern: spec(`-p udp ${vxlan} -j DROP`), level: 'overlay', needs: 'nothing', placed: 'bottom', order: (captures) => [{ scope: `vni ${captures.vni ?? ''}`, phase: 1 }] },
  { id: 'overlay-mark', table: 'mangle', chains: ['OUTPUT'], targets: ['MARK'], pattern: spec(`-p udp ${vxlan} -j MARK --set-xmark 0xd0c4e3/0xffffffff`), level: 'overlay', needs: 'nothing', placed: 'bottom' },
  { id: 'sctp-checksum', table: 'mangle', chains: ['POSTROUTING'], targets: ['CHECKSUM'], pattern: spec('-p sctp -m sctp --sport (?<port>\\d+) -j CHECKSUM --checksum-fill'), level: 'endpoint', needs: 'sctp-port', placed: 'bottom' },

  { id: 'nat-jump', table: 'nat', chains: ['PREROUTING', 'OUTPUT'], targets: ['DOCKER'], pattern: spec('(?:! -d (?:127\\.0\\.0\\.0/8|::1/128) )?-m addrtype --dst-type LOCAL -j DOCKER'), level: 'daemon', needs: 'nothing', placed: 'bottom', order: () => [{ scope: 'jump', phase: 1 }] },
  { id: 'nat-ingress-jump', table: 'nat', chains: ['PREROUTING', 'OUTPUT'], targets: ['DOCKER-INGRESS'], pattern: spec('-m addrtype --dst-type LOCAL -j DOCKER-INGRESS'), level: 'ingress', needs: 'nothing', placed: 'top', order: () => [{ scope: 'jump', phase: 0 }] },
  { id: 'masquerade', table: 'nat', chains: ['POSTROUTING'], targets: ['MASQUERADE', 'SNAT'], pattern: spec(`-s ${subnet} ! -o ${bridge} ${NAT_SOURCE}`), level: 'network', needs: 'bridge', placed: 'top' },
  { id: 'hairpin-local', table: 'nat', chains: ['POSTROUTING'], targets: ['MASQUERADE', 'SNAT'], pattern: spec(`-o ${bridge} -m addrtype --src-type LOCAL ${NAT_SOURCE}`), level: 'network', needs: 'bridge', placed: 'top' },
  { id: 'hairpin-port', table: 'nat', chains: ['POSTROUTING'], targets: ['MASQUERADE'], pattern: spec(`-s ${ip} -d \\k<ip>/(?:32|128) ${proto} --dport (?<port>\\d+) -j MASQUERADE`), level: 'endpoint', needs: 'endpoint', placed: 'bottom' },

  { id: 'raw-endpoint', table: 'raw', chains: ['PREROUTING'], targets: ['DROP'], pattern: spec(`-d ${ip} ! -i ${bridge} -j DROP`), level: 'endpoint', needs: 'bridge', placed: 'bottom', order: (captures) => [{ scope: `address ${captures.ip ?? ''}`, phase: 1 }] },
  { id: 'raw-port', table: 'raw', chains: ['PREROUTING'], targets: ['DROP'], pattern: spec(`-d ${ip} ! -i (?!lo )${bridge} ${proto} --dport (?<port>\\d+) -j DROP`), level: 'endpoint', needs: 'bridge', placed: 'bottom' },
  { id: 'raw-trusted', table: 'raw', chains: ['PREROUTING'], targets: ['ACCEPT'], pattern: spec(`-d ${ip} -i (?!loopback0 )${iface} -j ACCEPT`), level: 'endpoint', needs: 'trusted-endpoint', placed: 'bottom', order: (captures) => [{ scope: `address ${captures.ip ?? ''}`, phase: 0 }] },
  { id: 'raw-loopback', table: 'raw', chains: ['PREROUTING'], targets: ['DROP'], pattern: spec(`-d (?<hostIp>127\\.[0-9.]+)/32 ! -i lo ${proto} --dport (?<hostPort>\\d+) -j DROP`), level: 'endpoint', needs: 'loopback-port', placed: 'bottom', order: (captures) => [{ scope: loopbackScope(captures), phase: 1 }] },
  { id: 'raw-loopback-wsl', table: 'raw', chains: ['PREROUTING'], targets: ['ACCEPT'], pattern: spec(`-d (?<hostIp>127\\.[0-9.]+)/32 -i loopback0 ${proto} --dport (?<hostPort>\\d+) -j ACCEPT`), level: 'endpoint', needs: 'loopback-port', placed: 'bottom', order: (captures) => [{ scope: loopbackScope(captures), phase: 0 }] },
];

function loopbackScope(captures: Captures): string {
  return `loopback ${captures.hostIp ?? ''} ${captures.proto ?? ''} ${captures.hostPort ?? ''}`;
}
