import type { PurposeId } from './purpose.ts';
import { PIECE, spec, type Captures, type OrderPhase, type ShapeWords } from './shape.ts';

const { bridge, ip, subnet, proto, established, address } = PIECE;

const ofBridge =
  (phase: number) =>
  (captures: Captures): readonly OrderPhase[] => [{ scope: `bridge ${captures.bridge ?? ''}`, phase }];
const inForward =
  (phase: number, bridgePhase?: number) =>
  (captures: Captures): readonly OrderPhase[] => [
    { scope: 'chain', phase },
    ...(bridgePhase === undefined ? [] : ofBridge(bridgePhase)(captures)),
  ];
const beforeReturn = (): readonly OrderPhase[] => [{ scope: 'end', phase: 0 }];
const last = (): readonly OrderPhase[] => [{ scope: 'end', phase: 1 }];

const chainShape = (
  shape: Pick<ShapeWords, 'chains' | 'targets' | 'pattern'> & Partial<ShapeWords>,
): ShapeWords => ({
  table: 'filter',
  needs: 'nothing',
  placed: 'bottom',
  ...shape,
});

const RETURN = spec('-j RETURN');

/** What Engines 17.06 to 29 write into their own chains. Source: docs/reference/docker-iptables.md. */
// prettier-ignore
export const CHAIN_SHAPES = {
  'port-accept': chainShape({ chains: ['DOCKER'], targets: ['ACCEPT'], pattern: spec(`-d ${ip} ! -i ${bridge} -o \\k<bridge> ${proto} --dport (?<port>\\d+) -j ACCEPT`), placed: 'top', order: ofBridge(0) }),
  'link-accept': chainShape({ chains: ['DOCKER'], targets: ['ACCEPT'], pattern: spec(`-s (?<source>${address})/(?:32|128) -d ${ip} -i ${bridge} -o \\k<bridge> ${proto} --[sd]port (?<port>\\d+) -j ACCEPT`) }),
  'routed-icmp': chainShape({ chains: ['DOCKER'], targets: ['ACCEPT'], pattern: spec(`-o ${bridge} -p (?:icmp|ipv6-icmp) -j ACCEPT`), order: ofBridge(0) }),
  'unpublished-drop': chainShape({ chains: ['DOCKER'], targets: ['DROP'], pattern: spec(`! -i ${bridge} -o \\k<bridge> -j DROP`), order: ofBridge(1) }),
  'unprotected-accept': chainShape({ chains: ['DOCKER'], targets: ['ACCEPT'], pattern: spec(`! -i ${bridge} -o \\k<bridge> -j ACCEPT`), order: ofBridge(1) }),

  'bridge-docker': chainShape({ chains: ['DOCKER-BRIDGE'], targets: ['DOCKER'], pattern: spec(`-o ${bridge} -j DOCKER`) }),
  'bridge-established': chainShape({ chains: ['DOCKER-CT'], targets: ['ACCEPT'], pattern: spec(`-o ${bridge} ${established} -j ACCEPT`) }),

  // Has no order with the mesh's jump: that takes no packet a mark would not, and Engines put it above this one later.
  'mark-accept': chainShape({ chains: ['DOCKER-FORWARD'], targets: ['ACCEPT'], pattern: spec('-m mark --mark \\S+ -j ACCEPT'), placed: 'top', order: inForward(1) }),
  'jump-ingress': chainShape({ chains: ['DOCKER-FORWARD'], targets: ['DOCKER-INGRESS'], pattern: spec('-j DOCKER-INGRESS'), placed: 'top', order: inForward(1) }),
  'jump-established': chainShape({ chains: ['DOCKER-FORWARD'], targets: ['DOCKER-CT'], pattern: spec('-j DOCKER-CT'), placed: 'top', order: inForward(2) }),
  'jump-isolation': chainShape({ chains: ['DOCKER-FORWARD'], targets: ['DOCKER-INTERNAL', 'DOCKER-ISOLATION-STAGE-1'], pattern: spec('-j (?:DOCKER-INTERNAL|DOCKER-ISOLATION-STAGE-1)'), placed: 'top', order: inForward(3) }),
  'jump-bridge': chainShape({ chains: ['DOCKER-FORWARD'], targets: ['DOCKER-BRIDGE'], pattern: spec('-j DOCKER-BRIDGE'), placed: 'top', order: inForward(4) }),
  'network-out': chainShape({ chains: ['DOCKER-FORWARD'], targets: ['ACCEPT'], pattern: spec(`-i ${bridge}(?: ! -o \\k<bridge>)? -j ACCEPT`), needs: 'bridge', order: inForward(5, 1) }),
  'network-icc-drop': chainShape({ chains: ['DOCKER-FORWARD'], targets: ['DROP'], pattern: spec(`-i ${bridge} -o \\k<bridge> -j DROP`), needs: 'bridge', order: inForward(5, 0) }),
  'network-icc-accept': chainShape({ chains: ['DOCKER-FORWARD'], targets: ['ACCEPT'], pattern: spec(`-i ${bridge} -o \\k<bridge> -j ACCEPT`), needs: 'bridge', order: inForward(5) }),

  'internal-drop': chainShape({ chains: ['DOCKER-INTERNAL', 'DOCKER-ISOLATION-STAGE-1', 'DOCKER-ISOLATION'], targets: ['DROP'], pattern: spec(`(?=! -d \\S+ -i|! -s \\S+ (?:! -i \\S+ )?-o)! -[sd] ${subnet} (?=(?:! )?-[io] ${bridge} )(?:! -i \\k<bridge> )?-[io] \\k<bridge>(?: ! -o \\k<bridge>)? -j DROP`), placed: 'top', order: beforeReturn }),
  'isolation-stage-2': chainShape({ chains: ['DOCKER-ISOLATION-STAGE-1'], targets: ['DOCKER-ISOLATION-STAGE-2'], pattern: spec(`-i ${bridge} ! -o \\k<bridge> -j DOCKER-ISOLATION-STAGE-2`), order: () => [{ scope: 'end', phase: 0 }, { scope: 'routed', phase: 1 }] }),
  'routed-established': chainShape({ chains: ['DOCKER-ISOLATION-STAGE-1'], targets: ['ACCEPT'], pattern: spec(`-i ${bridge} ${established} -j ACCEPT`), needs: 'bridge', placed: 'top', order: () => [{ scope: 'routed', phase: 0 }] }),
  'routed-return': chainShape({ chains: ['DOCKER-ISOLATION-STAGE-1'], targets: ['RETURN'], pattern: spec(`-o ${bridge} -j RETURN`), needs: 'bridge', placed: 'top', order: () => [{ scope: 'routed', phase: 0 }] }),
  'isolation-drop': chainShape({ chains: ['DOCKER-ISOLATION-STAGE-2'], targets: ['DROP'], pattern: spec(`-o ${bridge} -j DROP`), placed: 'top', order: beforeReturn }),
  'isolation-pair-drop': chainShape({ chains: ['DOCKER-ISOLATION'], targets: ['DROP'], pattern: spec(`-i ${bridge} -o [^\\s/!"]{1,15} -j DROP`), placed: 'top', order: beforeReturn }),
  'isolation-return': chainShape({ chains: ['DOCKER-ISOLATION', 'DOCKER-ISOLATION-STAGE-1', 'DOCKER-ISOLATION-STAGE-2'], targets: ['RETURN'], pattern: RETURN, order: last }),
  'ingress-return': chainShape({ chains: ['DOCKER-INGRESS'], targets: ['RETURN'], pattern: RETURN, order: last }),
  'overlay-return': chainShape({ chains: ['DOCKER-OVERLAY'], targets: ['RETURN'], pattern: RETURN, order: last }),
  'user-return': chainShape({ chains: ['DOCKER-USER'], targets: ['RETURN'], pattern: RETURN }),

  'ingress-accept': chainShape({ chains: ['DOCKER-INGRESS'], targets: ['ACCEPT'], pattern: spec(`${proto} --dport (?<hostPort>\\d+) -j ACCEPT`), placed: 'top', order: beforeReturn }),
  // Engines up to 24 use the state match, 25.0 and later conntrack.
  'ingress-established': chainShape({ chains: ['DOCKER-INGRESS'], targets: ['ACCEPT'], pattern: spec(`-p (?<proto>tcp|udp|sctp) (?=.* --sport (?<hostPort>\\d+) )(?:-m \\k<proto> --sport \\d+ ${established}|-m state --state RELATED,ESTABLISHED -m \\k<proto> --sport \\d+) -j ACCEPT`), placed: 'top', order: beforeReturn }),
  'ingress-dnat': chainShape({ table: 'nat', chains: ['DOCKER-INGRESS'], targets: ['DNAT'], pattern: spec(`${proto} --dport (?<hostPort>\\d+) -j DNAT --to-destination (?<ip>[0-9.]+):(?<port>\\d+)`), placed: 'top', order: beforeReturn }),
  'ingress-nat-return': chainShape({ table: 'nat', chains: ['DOCKER-INGRESS'], targets: ['RETURN'], pattern: RETURN, order: last }),

  'proxy-return': chainShape({ table: 'nat', chains: ['DOCKER'], targets: ['RETURN'], pattern: spec(`-i ${bridge} -j RETURN`), needs: 'bridge', placed: 'top', order: () => [{ scope: 'nat', phase: 0 }] }),
  'wsl-return': chainShape({ table: 'nat', chains: ['DOCKER'], targets: ['RETURN'], pattern: spec('-d 127\\.0\\.0\\.0/8 -i loopback0 -j RETURN'), placed: 'top', order: () => [{ scope: 'nat', phase: 0 }] }),
  'dnat': chainShape({ table: 'nat', chains: ['DOCKER'], targets: ['DNAT'], pattern: spec(`(?:! -s fe80::/10 )?(?:-d (?<hostIp>${address})/(?:32|128) )?(?:! -i ${bridge} )?${proto} --dport (?<hostPort>\\d+) -j DNAT --to-destination \\[?(?<ip>${address}?)\\]?:(?<port>\\d+)`), order: () => [{ scope: 'nat', phase: 1 }] }),
} satisfies Partial<Readonly<Record<PurposeId, ShapeWords>>>;

/** The chains that are Docker's by name, per table. DOCKER-USER is not among them: its content is the user's. */
export const DOCKER_CHAINS: Readonly<Record<string, readonly string[]>> = {
  filter: [
    'DOCKER',
    'DOCKER-BRIDGE',
    'DOCKER-CT',
    'DOCKER-FORWARD',
    'DOCKER-INGRESS',
    'DOCKER-INTERNAL',
    'DOCKER-ISOLATION',
    'DOCKER-ISOLATION-STAGE-1',
    'DOCKER-ISOLATION-STAGE-2',
    'DOCKER-OVERLAY',
  ],
  nat: ['DOCKER', 'DOCKER-INGRESS'],
};

export const USER_CHAIN = 'DOCKER-USER';
