import { describe, expect, test } from 'vitest';
import {
  bridgeNetwork,
  byChain,
  defaultBridge,
  endpointOn,
  expectedOf,
  inventoryOf,
  publish,
  saveLines,
  tableLines as table,
} from '../../../../support/recorded/inventories.ts';

const docker0 = defaultBridge();
const A = 'br-aaaaaaaaaaaa';
const dual = bridgeNetwork('dual', { ipv6: true, subnets: ['172.18.0.0/16', 'fd00:a::/64'] });
const web = endpointOn(docker0, 'web', '172.17.0.2');

const rulesOf = (version: string, family: 'ipv4' | 'ipv6') =>
  saveLines(
    expectedOf(
      inventoryOf(version, {
        networks: [dual, docker0],
        endpoints: [web],
        ports: [publish(web, '0.0.0.0:8080->80/tcp'), publish(web, '[::]:8080->80/tcp')],
      }),
      { ip6tables: true },
    ),
    family,
  );

const CT = '-m conntrack --ctstate RELATED,ESTABLISHED';
const LOCAL = '-m addrtype --dst-type LOCAL -j DOCKER';
const WEB = '-p tcp -m tcp --dport 80';

const forward = (bridge: string): readonly string[] => [
  `FORWARD -o ${bridge} ${CT} -j ACCEPT`,
  `FORWARD -o ${bridge} -j DOCKER`,
  `FORWARD -i ${bridge} ! -o ${bridge} -j ACCEPT`,
  `FORWARD -i ${bridge} -o ${bridge} -j ACCEPT`,
];

const stages = (...bridges: readonly string[]): readonly string[] => [
  ...bridges.map(
    (bridge) => `DOCKER-ISOLATION-STAGE-1 -i ${bridge} ! -o ${bridge} -j DOCKER-ISOLATION-STAGE-2`,
  ),
  ...bridges.map((bridge) => `DOCKER-ISOLATION-STAGE-2 -o ${bridge} -j DROP`),
];

const stagesWithReturn = (...bridges: readonly string[]): readonly string[] => {
  const rules = stages(...bridges);
  const half = rules.length / 2;
  return [
    ...rules.slice(0, half),
    'DOCKER-ISOLATION-STAGE-1 -j RETURN',
    ...rules.slice(half),
    'DOCKER-ISOLATION-STAGE-2 -j RETURN',
  ];
};

const OLD_CHAINS = ['DOCKER', 'DOCKER-ISOLATION-STAGE-1', 'DOCKER-ISOLATION-STAGE-2'];
const ACCEPT_WEB = `DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 ${WEB} -j ACCEPT`;

/** nat of both families; what differs with the version is whether containers skip, and the port's own hairpin rule. */
function nat(skips: boolean, hairpin: boolean): Readonly<Record<'ipv4' | 'ipv6', readonly string[]>> {
  const skip = (bridge: string) => (skips ? [`DOCKER -i ${bridge} -j RETURN`] : []);
  return {
    ipv4: table(
      'nat',
      ['DOCKER'],
      [
        `PREROUTING ${LOCAL}`,
        `OUTPUT ! -d 127.0.0.0/8 ${LOCAL}`,
        `POSTROUTING -s 172.18.0.0/16 ! -o ${A} -j MASQUERADE`,
        'POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
        ...(hairpin ? [`POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 ${WEB} -j MASQUERADE`] : []),
        ...skip(A),
        ...skip('docker0'),
        'DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80',
      ],
    ),
    ipv6: table(
      'nat',
      ['DOCKER'],
      [
        `PREROUTING ${LOCAL}`,
        `OUTPUT ! -d ::1/128 ${LOCAL}`,
        `POSTROUTING -s fd00:a::/64 ! -o ${A} -j MASQUERADE`,
        ...skip(A),
      ],
    ),
  };
}

const EARLY_4 = [
  ...nat(true, true).ipv4,
  ...table(
    'filter',
    [...OLD_CHAINS, 'DOCKER-USER'],
    [
      'FORWARD -j DOCKER-USER',
      'FORWARD -j DOCKER-ISOLATION-STAGE-1',
      ...forward(A),
      ...forward('docker0'),
      ACCEPT_WEB,
      ...stagesWithReturn(A, 'docker0'),
      'DOCKER-USER -j RETURN',
    ],
  ),
];

const early6 = (user: boolean): readonly string[] => [
  ...nat(true, true).ipv6,
  ...table(
    'filter',
    [...OLD_CHAINS, ...(user ? ['DOCKER-USER'] : [])],
    [
      ...(user ? ['FORWARD -j DOCKER-USER'] : []),
      'FORWARD -j DOCKER-ISOLATION-STAGE-1',
      ...forward(A),
      // IPv4-only networks too.
      ...stagesWithReturn(A, 'docker0'),
      ...(user ? ['DOCKER-USER -j RETURN'] : []),
    ],
  ),
];

const SETS_4 = [
  ...nat(true, false).ipv4,
  ...table(
    'filter',
    [...OLD_CHAINS, 'DOCKER-USER'],
    [
      'FORWARD -j DOCKER-USER',
      `FORWARD -m set --match-set docker-ext-bridges-v4 dst ${CT} -j ACCEPT`,
      'FORWARD -j DOCKER-ISOLATION-STAGE-1',
      'FORWARD -m set --match-set docker-ext-bridges-v4 dst -j DOCKER',
      'FORWARD -i docker0 -j ACCEPT',
      `FORWARD -i ${A} -j ACCEPT`,
      ACCEPT_WEB,
      'DOCKER ! -i docker0 -o docker0 -j DROP',
      `DOCKER ! -i ${A} -o ${A} -j DROP`,
      'DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2',
      `DOCKER-ISOLATION-STAGE-1 -i ${A} ! -o ${A} -j DOCKER-ISOLATION-STAGE-2`,
      `DOCKER-ISOLATION-STAGE-2 -o ${A} -j DROP`,
      'DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP',
      'DOCKER-USER -j RETURN',
    ],
  ),
  ...table('raw', [], [`PREROUTING -d 172.17.0.2/32 ! -i docker0 ${WEB} -j DROP`]),
];

const SETS_6 = [
  ...nat(true, false).ipv6,
  ...table(
    'filter',
    [...OLD_CHAINS, 'DOCKER-USER'],
    [
      'FORWARD -j DOCKER-USER',
      `FORWARD -m set --match-set docker-ext-bridges-v6 dst ${CT} -j ACCEPT`,
      'FORWARD -j DOCKER-ISOLATION-STAGE-1',
      'FORWARD -m set --match-set docker-ext-bridges-v6 dst -j DOCKER',
      `FORWARD -i ${A} -j ACCEPT`,
      `DOCKER ! -i ${A} -o ${A} -j DROP`,
      'DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2',
      `DOCKER-ISOLATION-STAGE-1 -i ${A} ! -o ${A} -j DOCKER-ISOLATION-STAGE-2`,
      `DOCKER-ISOLATION-STAGE-2 -o ${A} -j DROP`,
      'DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP',
      'DOCKER-USER -j RETURN',
    ],
  ),
];

interface Late {
  readonly stages: boolean;
  readonly userReturn: boolean;
}

/** filter from 28.0.1 on, with these bridges and what opens their ports. */
function late({ stages: staged, userReturn }: Late, bridges: readonly string[], opened: readonly string[]) {
  const isolation = staged ? 'DOCKER-ISOLATION-STAGE-1' : 'DOCKER-INTERNAL';
  const chains = [
    'DOCKER',
    ...(staged ? ['DOCKER-ISOLATION-STAGE-1', 'DOCKER-ISOLATION-STAGE-2'] : []),
    ...['DOCKER-FORWARD', 'DOCKER-CT', 'DOCKER-BRIDGE'],
    ...(staged ? [] : ['DOCKER-INTERNAL']),
    'DOCKER-USER',
  ];
  return table('filter', chains, [
    'FORWARD -j DOCKER-USER',
    'FORWARD -j DOCKER-FORWARD',
    ...opened,
    ...bridges.map((bridge) => `DOCKER ! -i ${bridge} -o ${bridge} -j DROP`),
    ...(staged
      ? [
          ...stages(...bridges).slice(0, bridges.length),
          ...stages(...bridges.toReversed()).slice(bridges.length),
        ]
      : []),
    'DOCKER-FORWARD -j DOCKER-CT',
    `DOCKER-FORWARD -j ${isolation}`,
    'DOCKER-FORWARD -j DOCKER-BRIDGE',
    ...bridges.map((bridge) => `DOCKER-FORWARD -i ${bridge} -j ACCEPT`),
    ...bridges.map((bridge) => `DOCKER-CT -o ${bridge} ${CT} -j ACCEPT`),
    ...bridges.map((bridge) => `DOCKER-BRIDGE -o ${bridge} -j DOCKER`),
    ...(userReturn ? ['DOCKER-USER -j RETURN'] : []),
  ]);
}

const late4 = (kind: Late, skips: boolean, raw: string): readonly string[] => [
  ...nat(skips, false).ipv4,
  ...late(kind, ['docker0', A], [ACCEPT_WEB]),
  ...table('raw', [], [`PREROUTING -d 172.17.0.2/32 ! -i docker0 ${raw}`]),
];
const late6 = (kind: Late, skips: boolean): readonly string[] => [
  ...nat(skips, false).ipv6,
  ...late(kind, [A], []),
];

const F1: Late = { stages: true, userReturn: true };
const F3: Late = { stages: true, userReturn: false };
const G: Late = { stages: false, userReturn: false };

/**
 * docker0 with a published port, and a younger network of both families: the whole text, in the order that dockerd
 * writes it (docs/reference/docker-iptables.md#bridge-networks).
 */
describe.each<[version: string, ipv4: readonly string[], ipv6: readonly string[]]>([
  ['18.03.1-ce', EARLY_4, early6(false)],
  ['19.03.15', EARLY_4, early6(false)],
  ['20.10.24', EARLY_4, early6(false)],
  ['23.0.3', EARLY_4, early6(true)],
  ['26.1.5', EARLY_4, early6(true)],
  ['27.5.1', EARLY_4, early6(true)],
  ['28.0.0', SETS_4, SETS_6],
  ['28.0.1', late4(F1, true, `${WEB} -j DROP`), late6(F1, true)],
  ['28.2.0', late4(F1, true, '-j DROP'), late6(F1, true)],
  ['28.5.2', late4(F3, true, '-j DROP'), late6(F3, true)],
  ['29.0.0', late4(G, false, '-j DROP'), late6(G, false)],
])('%s writes', (version, ipv4, ipv6) => {
  test('IPv4', () => {
    expect(byChain(rulesOf(version, 'ipv4'))).toEqual(byChain(ipv4));
  });
  test('IPv6', () => {
    expect(byChain(rulesOf(version, 'ipv6'))).toEqual(byChain(ipv6));
  });
});
