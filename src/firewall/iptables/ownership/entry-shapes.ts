import type { PurposeId } from './purpose.ts';
import { PIECE, spec, type Captures, type ShapeWords } from './shape.ts';

const { bridge, iface, ip, subnet, proto, established, vxlan, address } = PIECE;

const forward = (phase: number) => () => [{ scope: 'forward', phase }];
const ofBridge = (captures: Captures): string => `bridge ${captures.bridge ?? ''}`;

/**
 * A per-bridge rule of Engines before 28. It belongs after the jumps (28.0.0: after the jump by address set, which closes
 * other networks' ports); its DROP belongs after the bridge's own jump to DOCKER.
 */
const bridgeForward = (phase?: number) => (captures: Captures) => [
  { scope: 'forward', phase: 4 },
  ...(phase === undefined ? [] : [{ scope: ofBridge(captures), phase }]),
];

const forwardShape = (shape: Pick<ShapeWords, 'targets' | 'pattern'> & Partial<ShapeWords>): ShapeWords => ({
  table: 'filter',
  chains: ['FORWARD'],
  needs: 'nothing',
  placed: 'top',
  ...shape,
});

const NAT_SOURCE = `-j (?<target>MASQUERADE|SNAT --to-source ${address})`;

/**
 * The entry rules: what Engines 17.06 to 29 (firewall backend iptables) write into built-in chains. Source:
 * docs/reference/docker-iptables.md. 20.10.24, 26.1.5 and 28.5.2 were run; for the others the moby source was read.
 */
// prettier-ignore
export const ENTRY_SHAPES = {
  'forward-user': forwardShape({ targets: ['DOCKER-USER'], pattern: spec('-j DOCKER-USER'), order: () => [{ scope: 'forward', phase: 0 }, { scope: 'user', phase: 0 }] }),
  'forward-forward': forwardShape({ targets: ['DOCKER-FORWARD'], pattern: spec('-j DOCKER-FORWARD'), order: forward(2) }),
  'forward-isolation': forwardShape({ targets: ['DOCKER-ISOLATION', 'DOCKER-ISOLATION-STAGE-1'], pattern: spec('-j DOCKER-ISOLATION(?:-STAGE-1)?'), order: forward(2) }),
  'forward-ingress': forwardShape({ targets: ['DOCKER-INGRESS'], pattern: spec('-j DOCKER-INGRESS'), order: forward(1) }),
  'forward-overlay': forwardShape({ chains: ['FORWARD', 'OUTPUT'], targets: ['DOCKER-OVERLAY'], pattern: spec('-j DOCKER-OVERLAY'), order: () => [{ scope: 'user', phase: 1 }] }),
  'forward-docker': forwardShape({ targets: ['DOCKER'], pattern: spec(`-o ${bridge} -j DOCKER`), order: bridgeForward(0) }),
  'forward-set-docker': forwardShape({ targets: ['DOCKER'], pattern: spec('-m set --match-set docker-ext-bridges-v[46] dst -j DOCKER'), order: forward(3) }),
  'forward-set-established': forwardShape({ targets: ['ACCEPT'], pattern: spec(`-m set --match-set docker-ext-bridges-v[46] dst ${established} -j ACCEPT`), order: () => [{ scope: 'user', phase: 1 }] }),
  'forward-established': forwardShape({ targets: ['ACCEPT'], pattern: spec(`-o ${bridge} ${established} -j ACCEPT`), needs: 'forward-bridge', order: bridgeForward() }),
  'forward-out': forwardShape({ targets: ['ACCEPT'], pattern: spec(`-i ${bridge} ! -o \\k<bridge> -j ACCEPT`), needs: 'forward-bridge', order: bridgeForward() }),
  'forward-icc-accept': forwardShape({ targets: ['ACCEPT'], pattern: spec(`-i ${bridge} -o \\k<bridge> -j ACCEPT`), needs: 'forward-bridge', order: bridgeForward() }),
  'forward-icc-drop': forwardShape({ targets: ['DROP'], pattern: spec(`-i ${bridge} -o \\k<bridge> -j DROP`), needs: 'forward-bridge', placed: 'bottom', order: bridgeForward(1) }),
  // 28.0.0 alone. A user may write the same text for another purpose, so it counts only beside the set rules of 28.0.0.
  'forward-any-out': forwardShape({ targets: ['ACCEPT'], pattern: spec(`-i ${bridge} -j ACCEPT`), needs: 'sets', placed: 'bottom', order: bridgeForward() }),

  'overlay-plain-drop': { table: 'filter', chains: ['INPUT'], targets: ['DROP'], pattern: spec(`-p udp -m policy --dir in --pol none ${vxlan} -j DROP`), needs: 'nothing', placed: 'top' },
  'overlay-ipsec-accept': { table: 'filter', chains: ['INPUT'], targets: ['ACCEPT'], pattern: spec(`-p udp -m policy --dir in --pol ipsec ${vxlan} -j ACCEPT`), needs: 'nothing', placed: 'bottom', order: (captures) => [{ scope: `vni ${captures.vni ?? ''}`, phase: 0 }] },
  'overlay-any-drop': { table: 'filter', chains: ['INPUT'], targets: ['DROP'], pattern: spec(`-p udp ${vxlan} -j DROP`), needs: 'nothing', placed: 'bottom', order: (captures) => [{ scope: `vni ${captures.vni ?? ''}`, phase: 1 }] },
  'overlay-mark': { table: 'mangle', chains: ['OUTPUT'], targets: ['MARK'], pattern: spec(`-p udp ${vxlan} -j MARK --set-xmark 0xd0c4e3/0xffffffff`), needs: 'nothing', placed: 'bottom' },
  'sctp-checksum': { table: 'mangle', chains: ['POSTROUTING'], targets: ['CHECKSUM'], pattern: spec('-p sctp -m sctp --sport (?<port>\\d+) -j CHECKSUM --checksum-fill'), needs: 'sctp-port', placed: 'bottom' },

  'nat-jump': { table: 'nat', chains: ['PREROUTING', 'OUTPUT'], targets: ['DOCKER'], pattern: spec('(?:! -d (?:127\\.0\\.0\\.0/8|::1/128) )?-m addrtype --dst-type LOCAL -j DOCKER'), needs: 'nothing', placed: 'bottom', order: () => [{ scope: 'jump', phase: 1 }] },
  'nat-ingress-jump': { table: 'nat', chains: ['PREROUTING', 'OUTPUT'], targets: ['DOCKER-INGRESS'], pattern: spec('-m addrtype --dst-type LOCAL -j DOCKER-INGRESS'), needs: 'nothing', placed: 'top', order: () => [{ scope: 'jump', phase: 0 }] },
  'masquerade': { table: 'nat', chains: ['POSTROUTING'], targets: ['MASQUERADE', 'SNAT'], pattern: spec(`-s ${subnet} ! -o ${bridge} ${NAT_SOURCE}`), needs: 'bridge', placed: 'top' },
  'hairpin-local': { table: 'nat', chains: ['POSTROUTING'], targets: ['MASQUERADE', 'SNAT'], pattern: spec(`-o ${bridge} -m addrtype --src-type LOCAL ${NAT_SOURCE}`), needs: 'bridge', placed: 'top' },
  'hairpin-port': { table: 'nat', chains: ['POSTROUTING'], targets: ['MASQUERADE'], pattern: spec(`-s ${ip} -d \\k<ip>/(?:32|128) ${proto} --dport (?<port>\\d+) -j MASQUERADE`), needs: 'endpoint', placed: 'bottom' },

  'raw-endpoint': { table: 'raw', chains: ['PREROUTING'], targets: ['DROP'], pattern: spec(`-d ${ip} ! -i ${bridge} -j DROP`), needs: 'bridge', placed: 'bottom', order: (captures) => [{ scope: `address ${captures.ip ?? ''}`, phase: 1 }] },
  'raw-port': { table: 'raw', chains: ['PREROUTING'], targets: ['DROP'], pattern: spec(`-d ${ip} ! -i (?!lo )${bridge} ${proto} --dport (?<port>\\d+) -j DROP`), needs: 'bridge', placed: 'bottom' },
  'raw-trusted': { table: 'raw', chains: ['PREROUTING'], targets: ['ACCEPT'], pattern: spec(`-d ${ip} -i (?!loopback0 )${iface} -j ACCEPT`), needs: 'trusted-endpoint', placed: 'bottom', order: (captures) => [{ scope: `address ${captures.ip ?? ''}`, phase: 0 }] },
  'raw-loopback': { table: 'raw', chains: ['PREROUTING'], targets: ['DROP'], pattern: spec(`-d (?<hostIp>127\\.[0-9.]+)/32 ! -i lo ${proto} --dport (?<hostPort>\\d+) -j DROP`), needs: 'loopback-port', placed: 'bottom', order: (captures) => [{ scope: loopbackScope(captures), phase: 1 }] },
  'raw-loopback-wsl': { table: 'raw', chains: ['PREROUTING'], targets: ['ACCEPT'], pattern: spec(`-d (?<hostIp>127\\.[0-9.]+)/32 -i loopback0 ${proto} --dport (?<hostPort>\\d+) -j ACCEPT`), needs: 'loopback-port', placed: 'bottom', order: (captures) => [{ scope: loopbackScope(captures), phase: 0 }] },
} satisfies Partial<Readonly<Record<PurposeId, ShapeWords>>>;

function loopbackScope(captures: Captures): string {
  return `loopback ${captures.hostIp ?? ''} ${captures.proto ?? ''} ${captures.hostPort ?? ''}`;
}
