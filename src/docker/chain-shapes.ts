import { PIECE, spec, type Captures, type Order, type Shape } from './shape.ts';

const { bridge, ip, subnet, proto, established, address } = PIECE;

const ofBridge =
  (phase: number) =>
  (captures: Captures): readonly Order[] => [{ scope: `bridge ${captures.bridge ?? ''}`, phase }];
const inForward =
  (phase: number, bridgePhase?: number) =>
  (captures: Captures): readonly Order[] => [
    { scope: 'chain', phase },
    ...(bridgePhase === undefined ? [] : ofBridge(bridgePhase)(captures)),
  ];
const beforeReturn = (): readonly Order[] => [{ scope: 'end', phase: 0 }];
const last = (): readonly Order[] => [{ scope: 'end', phase: 1 }];

const chainShape = (shape: Pick<Shape, 'id' | 'chains' | 'targets' | 'pattern'> & Partial<Shape>): Shape => ({
  table: 'filter',
  level: 'network',
  needs: 'nothing',
  placed: 'bottom',
  ...shape,
});

const RETURN = spec('-j RETURN');

/** What Engines 17.06 to 29 write into their own chains. Source: docker-rules §1 and §3. */
// prettier-ignore
export const CHAIN_SHAPES: readonly Shape[] = [
  chainShape({ id: 'port-accept', chains: ['DOCKER'], targets: ['ACCEPT'], pattern: spec(`-d ${ip} ! -i ${bridge} -o \\k<bridge> ${proto} --dport (?<port>\\d+) -j ACCEPT`), level: 'endpoint', placed: 'top', order: ofBridge(0) }),
  chainShape({ id: 'link-accept', chains: ['DOCKER'], targets: ['ACCEPT'], pattern: spec(`-s (?<source>${address})/(?:32|128) -d ${ip} -i ${bridge} -o \\k<bridge> ${proto} --[sd]port (?<port>\\d+) -j ACCEPT`), level: 'endpoint' }),
  chainShape({ id: 'routed-icmp', chains: ['DOCKER'], targets: ['ACCEPT'], pattern: spec(`-o ${bridge} -p (?:icmp|ipv6-icmp) -j ACCEPT`), order: ofBridge(0) }),
  chainShape({ id: 'unpublished-drop', chains: ['DOCKER'], targets: ['DROP'], pattern: spec(`! -i ${bridge} -o \\k<bridge> -j DROP`), order: ofBridge(1) }),
  chainShape({ id: 'unprotected-accept', chains: ['DOCKER'], targets: ['ACCEPT'], pattern: spec(`! -i ${bridge} -o \\k<bridge> -j ACCEPT`), order: ofBridge(1) }),

  chainShape({ id: 'bridge-docker', chains: ['DOCKER-BRIDGE'], targets: ['DOCKER'], pattern: spec(`-o ${bridge} -j DOCKER`) }),
  chainShape({ id: 'bridge-established', chains: ['DOCKER-CT'], targets: ['ACCEPT'], pattern: spec(`-o ${bridge} ${established} -j ACCEPT`) }),

  // Beside the mesh's jump, which takes nothing a mark would not, and which Engines put above it later.
  chainShape({ id: 'mark-accept', chains: ['DOCKER-FORWARD'], targets: ['ACCEPT'], pattern: spec('-m mark --mark \\S+ -j ACCEPT'), level: 'daemon', placed: 'top', order: inForward(1) }),
  chainShape({ id: 'jump-ingress', chains: ['DOCKER-FORWARD'], targets: ['DOCKER-INGRESS'], pattern: spec('-j DOCKER-INGRESS'), level: 'ingress', placed: 'top', order: inForward(1) }),
  chainShape({ id: 'jump-established', chains: ['DOCKER-FORWARD'], targets: ['DOCKER-CT'], pattern: spec('-j DOCKER-CT'), level: 'daemon', placed: 'top', order: inForward(2) }),
  chainShape({ id: 'jump-isolation', chains: ['DOCKER-FORWARD'], targets: ['DOCKER-INTERNAL', 'DOCKER-ISOLATION-STAGE-1'], pattern: spec('-j (?:DOCKER-INTERNAL|DOCKER-ISOLATION-STAGE-1)'), level: 'daemon', placed: 'top', order: inForward(3) }),
  chainShape({ id: 'jump-bridge', chains: ['DOCKER-FORWARD'], targets: ['DOCKER-BRIDGE'], pattern: spec('-j DOCKER-BRIDGE'), level: 'daemon', placed: 'top', order: inForward(4) }),
  chainShape({ id: 'network-out', chains: ['DOCKER-FORWARD'], targets: ['ACCEPT'], pattern: spec(`-i ${bridge}(?: ! -o \\k<bridge>)? -j ACCEPT`), needs: 'bridge', order: inForward(5, 1) }),
  chainShape({ id: 'network-icc-drop', chains: ['DOCKER-FORWARD'], targets: ['DROP'], pattern: spec(`-i ${bridge} -o \\k<bridge> -j DROP`), needs: 'bridge', order: inForward(5, 0) }),
  chainShape({ id: 'network-icc-accept', chains: ['DOCKER-FORWARD'], targets: ['ACCEPT'], pattern: spec(`-i ${bridge} -o \\k<bridge> -j ACCEPT`), needs: 'bridge', order: inForward(5) }),

  chainShape({ id: 'internal-drop', chains: ['DOCKER-INTERNAL', 'DOCKER-ISOLATION-STAGE-1', 'DOCKER-ISOLATION'], targets: ['DROP'], pattern: spec(`(?=! -d \\S+ -i|! -s \\S+ (?:! -i \\S+ )?-o)! -[sd] ${subnet} (?=(?:! )?-[io] ${bridge} )(?:! -i \\k<bridge> )?-[io] \\k<bridge>(?: ! -o \\k<bridge>)? -j DROP`), placed: 'top', order: beforeReturn }),
  chainShape({ id: 'isolation-stage-2', chains: ['DOCKER-ISOLATION-STAGE-1'], targets: ['DOCKER-ISOLATION-STAGE-2'], pattern: spec(`-i ${bridge} ! -o \\k<bridge> -j DOCKER-ISOLATION-STAGE-2`), order: () => [{ scope: 'end', phase: 0 }, { scope: 'routed', phase: 1 }] }),
  chainShape({ id: 'routed-established', chains: ['DOCKER-ISOLATION-STAGE-1'], targets: ['ACCEPT'], pattern: spec(`-i ${bridge} ${established} -j ACCEPT`), needs: 'bridge', placed: 'top', order: () => [{ scope: 'routed', phase: 0 }] }),
  chainShape({ id: 'routed-return', chains: ['DOCKER-ISOLATION-STAGE-1'], targets: ['RETURN'], pattern: spec(`-o ${bridge} -j RETURN`), needs: 'bridge', placed: 'top', order: () => [{ scope: 'routed', phase: 0 }] }),
  chainShape({ id: 'isolation-drop', chains: ['DOCKER-ISOLATION-STAGE-2'], targets: ['DROP'], pattern: spec(`-o ${bridge} -j DROP`), placed: 'top', order: beforeReturn }),
  chainShape({ id: 'isolation-pair-drop', chains: ['DOCKER-ISOLATION'], targets: ['DROP'], pattern: spec(`-i ${bridge} -o [^\\s/!"]{1,15} -j DROP`), placed: 'top', order: beforeReturn }),
  chainShape({ id: 'chain-return', chains: ['DOCKER-ISOLATION', 'DOCKER-ISOLATION-STAGE-1', 'DOCKER-ISOLATION-STAGE-2'], targets: ['RETURN'], pattern: RETURN, level: 'daemon', order: last }),
  chainShape({ id: 'chain-return', chains: ['DOCKER-INGRESS'], targets: ['RETURN'], pattern: RETURN, level: 'ingress', order: last }),
  chainShape({ id: 'chain-return', chains: ['DOCKER-OVERLAY'], targets: ['RETURN'], pattern: RETURN, level: 'overlay', order: last }),
  chainShape({ id: 'user-return', chains: ['DOCKER-USER'], targets: ['RETURN'], pattern: RETURN, level: 'daemon' }),

  chainShape({ id: 'ingress-accept', chains: ['DOCKER-INGRESS'], targets: ['ACCEPT'], pattern: spec(`${proto} --dport (?<hostPort>\\d+) -j ACCEPT`), level: 'ingress', placed: 'top', order: beforeReturn }),
  // Engines up to 24 use the state match, 25.0 and later conntrack.
  chainShape({ id: 'ingress-established', chains: ['DOCKER-INGRESS'], targets: ['ACCEPT'], pattern: spec(`-p (?<proto>tcp|udp|sctp) (?=.* --sport (?<hostPort>\\d+) )(?:-m \\k<proto> --sport \\d+ ${established}|-m state --state RELATED,ESTABLISHED -m \\k<proto> --sport \\d+) -j ACCEPT`), level: 'ingress', placed: 'top', order: beforeReturn }),
  chainShape({ id: 'ingress-dnat', table: 'nat', chains: ['DOCKER-INGRESS'], targets: ['DNAT'], pattern: spec(`${proto} --dport (?<hostPort>\\d+) -j DNAT --to-destination (?<ip>[0-9.]+):(?<port>\\d+)`), level: 'ingress', placed: 'top', order: beforeReturn }),
  chainShape({ id: 'ingress-nat-return', table: 'nat', chains: ['DOCKER-INGRESS'], targets: ['RETURN'], pattern: RETURN, level: 'ingress', order: last }),

  chainShape({ id: 'proxy-return', table: 'nat', chains: ['DOCKER'], targets: ['RETURN'], pattern: spec(`-i ${bridge} -j RETURN`), needs: 'bridge', placed: 'top', order: () => [{ scope: 'nat', phase: 0 }] }),
  chainShape({ id: 'wsl-return', table: 'nat', chains: ['DOCKER'], targets: ['RETURN'], pattern: spec('-d 127\\.0\\.0\\.0/8 -i loopback0 -j RETURN'), level: 'daemon', placed: 'top', order: () => [{ scope: 'nat', phase: 0 }] }),
  chainShape({ id: 'dnat', table: 'nat', chains: ['DOCKER'], targets: ['DNAT'], pattern: spec(`(?:! -s fe80::/10 )?(?:-d (?<hostIp>${address})/(?:32|128) )?(?:! -i ${bridge} )?${proto} --dport (?<hostPort>\\d+) -j DNAT --to-destination \\[?(?<ip>${address}?)\\]?:(?<port>\\d+)`), level: 'endpoint', order: () => [{ scope: 'nat', phase: 1 }] }),
];

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
