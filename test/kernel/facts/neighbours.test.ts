import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePacket } from '../../../src/trace/packet.ts';
import { tracePath } from '../../../src/trace/trace.ts';
import { describeVariant } from '../../support/kernel.ts';
import { createNetns, tool, type Netns } from '../../support/netns.ts';
import { readNetworkState } from '../../support/trace/read-network-state.ts';

/** A host between a client (fd01::2 behind up0) and a container (fd03::2, to which fe80::2 behind in0 is the gateway). */
interface Street {
  readonly host: Netns;
  readonly client: Netns;
  readonly container: Netns;
}

const QUIET = 'for conf in all default; do echo 0 >/proc/sys/net/ipv6/conf/$conf/accept_dad; done';

async function must(ns: Netns, script: string): Promise<void> {
  const { code, stderr } = await ns.exec('sh', ['-ec', script]);
  if (code !== 0) throw new Error(`${script}: ${stderr}`);
}

async function buildStreet(): Promise<Street> {
  const [host, client, container] = await Promise.all([createNetns(), createNetns(), createNetns()]);
  for (const ns of [host, client, container]) await must(ns, QUIET);
  const wires = [
    ['up0', client, 1],
    ['in0', container, 2],
  ] as const;
  for (const [device, ns, number] of wires) {
    const far = `nsenter --net=${ns.path} ip`;
    await must(
      host,
      `ip link add ${device} type veth peer name eth0 netns ${ns.path}
      ip addr add fd0${String(number)}::1/64 dev ${device} nodad; ip link set ${device} up
      ${far} addr add fd0${String(number)}::2/64 dev eth0 nodad; ${far} link set eth0 up
      ${far} route add default via fd0${String(number)}::1`,
    );
  }
  await must(host, 'ip link add br0 type bridge; ip link set br0 up');
  for (const [port, ns, address] of [
    ['p1', client, 'fd04::1'],
    ['p2', container, 'fd04::2'],
  ] as const)
    await must(
      host,
      `ip link add ${port} type veth peer name eth1 netns ${ns.path}; ip link set ${port} master br0 up
      nsenter --net=${ns.path} sh -c 'ip addr add ${address}/64 dev eth1 nodad; ip link set eth1 up'`,
    );
  await must(host, 'echo 1 >/proc/sys/net/bridge/bridge-nf-call-ip6tables');
  await must(
    container,
    'ip addr add fe80::2/64 dev eth0 nodad; ip link set lo up; ip addr add fd03::2/128 dev lo nodad',
  );
  await must(
    host,
    'ip link set lo up; ip route add fd03::/64 via fe80::2 dev in0; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding',
  );
  return { host, client, container };
}

const table = (hook: string, policy: string, rule: string): string =>
  `table inet own { chain one { type filter hook ${hook}; policy ${policy}; ${rule}; }; }`;

/**
 * The states that a host is brought into, by rules of ip6tables or a table of nftables', and which ways are left: a client to the container,
 * the host to the container.
 */
const STATES: readonly (readonly [
  name: string,
  rules: readonly string[],
  forwarded: boolean,
  own: boolean,
])[] = [
  [
    'INPUT drops all but answers',
    ['INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', 'INPUT -j DROP'],
    false,
    false,
  ],
  [
    'INPUT lets neighbours be asked for alone',
    [
      'INPUT -p icmpv6 --icmpv6-type 135 -m hl --hl-eq 255 -j ACCEPT',
      'INPUT -p icmpv6 --icmpv6-type 129 -j ACCEPT',
      'INPUT -j DROP',
    ],
    false,
    false,
  ],
  [
    'INPUT lets neighbours answer alone',
    [
      'INPUT -p icmpv6 --icmpv6-type 136 -j ACCEPT',
      'INPUT -p icmpv6 --icmpv6-type 129 -j ACCEPT',
      'INPUT -j DROP',
    ],
    false,
    true,
  ],
  [
    'INPUT lets in what conntrack leaves alone',
    [
      'INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT',
      'INPUT -p icmpv6 --icmpv6-type 129 -j ACCEPT',
      'INPUT -j DROP',
    ],
    true,
    true,
  ],
  [
    'INPUT lets in link-local senders alone',
    ['INPUT -s fe80::/10 -j ACCEPT', 'INPUT -p icmpv6 --icmpv6-type 129 -j ACCEPT', 'INPUT -j DROP'],
    false,
    true,
  ],
  [
    'INPUT rejects within a rate, and drops what is over it',
    ['INPUT -p icmpv6 --icmpv6-type 129 -j ACCEPT', 'INPUT -m limit --limit 10/s -j REJECT', 'INPUT -j DROP'],
    false,
    false,
  ],
  [
    'OUTPUT drops link-local senders, and what is forwarded leaves with an address of this host',
    ['-t nat -A POSTROUTING -o in0 -j MASQUERADE', 'OUTPUT -s fe80::/10 -j DROP'],
    true,
    true,
  ],
  ['OUTPUT drops advertisements', ['OUTPUT -p icmpv6 --icmpv6-type 136 -j DROP'], false, true],
  [
    'a table drops whose way back leads elsewhere',
    [table('prerouting priority raw', 'accept', 'fib saddr . mark . iif oif missing drop')],
    true,
    true,
  ],
  [
    'a table lets discovery in by its hop limit',
    [
      table(
        'input priority 0',
        'drop',
        'ip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; icmpv6 type echo-reply accept',
      ),
    ],
    true,
    true,
  ],
];

/** As above, and whether the client reaches the container by a bridge that both hang on. */
const BRIDGED: readonly (readonly [name: string, rules: readonly string[], carried: boolean])[] = [
  ['FORWARD drops the question', ['FORWARD -p icmpv6 --icmpv6-type 135 -j DROP'], false],
  ['FORWARD drops what conntrack leaves alone', ['FORWARD -m conntrack --ctstate UNTRACKED -j DROP'], false],
  [
    'a table of FORWARD drops what is sent to many',
    [table('forward priority 0', 'accept', 'meta pkttype multicast drop')],
    false,
  ],
  ['INPUT drops the question', ['INPUT -p icmpv6 --icmpv6-type 135 -j DROP'], true],
];

describeVariant(
  'IPv6 neighbours behind a filter: what is told of a way is what packets do',
  'nft',
  () => {
    let street: Street | undefined;

    beforeAll(async () => {
      street = await buildStreet();
    });
    afterAll(async () => {
      for (const ns of Object.values(street ?? {}) as readonly Netns[]) await ns.dispose();
    });

    const open = async ({ host, client, container }: Street, from: Netns, to: string): Promise<boolean> => {
      for (const [ns, devices] of [
        [host, ['up0', 'in0']],
        [client, ['eth0', 'eth1']],
        [container, ['eth0', 'eth1']],
      ] as const)
        await must(ns, devices.map((device) => `ip -6 neigh flush dev ${device}`).join('; '));
      const { code } = await from.exec('ping', ['-6', '-c1', '-W1', to]);
      return code === 0;
    };

    const load = async (host: Netns, rules: readonly string[]): Promise<void> => {
      const ip6tables = tool('ipv6', 'nft');
      const loads = rules.map((rule) =>
        rule.startsWith('table')
          ? `nft '${rule}'`
          : `${ip6tables} ${rule.startsWith('-t') ? rule : `-A ${rule}`}`,
      );
      await must(
        host,
        [
          `${ip6tables} -F; ${ip6tables} -t nat -F; nft delete table inet own 2>/dev/null || true`,
          ...loads,
        ].join('\n'),
      );
    };

    test.for(STATES)('%s', async ([, rules, forwarded, own]) => {
      if (street === undefined) throw new Error('no street');
      const { host, client } = street;
      await load(host, rules);
      const netState = await readNetworkState(host);
      const echo = { family: 'ipv6', protocol: 'ipv6-icmp', destination: 'fd03::2' } as const;
      const told = [
        makePacket({ ...echo, source: 'fd01::2', inInterface: 'up0' }),
        makePacket({ ...echo, source: '' }),
      ].map((packet) => tracePath(packet, netState).end.at === 'sent');
      const seen = [await open(street, client, 'fd03::2'), await open(street, host, 'fd03::2')];
      expect({ told, seen }).toEqual({ told: [forwarded, own], seen: [forwarded, own] });
    });

    test.for(BRIDGED)('on one bridge: %s', async ([, rules, carried]) => {
      if (street === undefined) throw new Error('no street');
      const { host, client } = street;
      await load(host, rules);
      const ends = { source: 'fd04::1', destination: 'fd04::2', inInterface: 'p1' };
      const { end } = tracePath(
        makePacket({ family: 'ipv6', protocol: 'ipv6-icmp', ...ends }),
        await readNetworkState(host),
      );
      const seen = await open(street, client, 'fd04::2');
      expect({ told: end.at === 'sent', seen }).toEqual({ told: carried, seen: carried });
    });
  },
  ['ping'],
);
