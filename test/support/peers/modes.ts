import { container, network } from '../lab/build.ts';
import type { Era } from '../lab/eras.ts';
import { until } from '../until.ts';
import type { PeerFault } from './fault.ts';
import { NEAR, raiseTwo, type TwoEngines } from './two-engines.ts';

/** Two hosts that are nodes of one swarm, by the wire of their own, with a macvlan network on it. */
export interface ModesPair extends TwoEngines {
  /** The addresses of host-b's containers. */
  readonly at: Readonly<Record<'bee' | 'seal', string>>;
}

/** Addresses on the wire that host-b's Engine gives to macvlan containers, and another one. */
export const ON_WIRE = { asking: '203.0.113.65', asked: '203.0.113.97' } as const;

/**
 * Brings up both: on host-a `drone` on overlay `wide`, `spy` on the encrypted overlay `secret`, `mac` on macvlan `lan`; on host-b `bee`,
 * `seal` and `fish` on the same.
 */
export async function raiseModes(eraAsking: Era, eraAsked: Era): Promise<ModesPair> {
  const two = await raiseTwo(eraAsking, eraAsked, []);
  const { asking, asked } = two;
  try {
    await asking.engine.docker(['swarm', 'init', '--advertise-addr', NEAR.asking]);
    const token = await asking.engine.docker(['swarm', 'join-token', '-q', 'worker']);
    await asked.engine.docker([
      ...['swarm', 'join', '--token', token, '--advertise-addr', NEAR.asked],
      `${NEAR.asking}:2377`,
    ]);
    const overlay = ['--driver', 'overlay', '--attachable'];
    await network(asking.engine, 'wide', overlay);
    await network(asking.engine, 'secret', [...overlay, '--opt', 'encrypted']);
    await container(asking.engine, 'drone', ['--network', 'wide']);
    await container(asking.engine, 'spy', ['--network', 'secret']);
    await container(asked.engine, 'bee', ['--network', 'wide']);
    await container(asked.engine, 'seal', ['--network', 'secret']);
    const lan = (range: string) => [
      ...['--driver', 'macvlan', '--subnet', '203.0.113.0/24', '--ip-range', range, '-o', 'parent=eth1'],
    ];
    await network(asking.engine, 'lan', lan('203.0.113.64/27'));
    await network(asked.engine, 'lan', lan('203.0.113.96/27'));
    await container(asking.engine, 'mac', ['--network', 'lan', '--ip', ON_WIRE.asking]);
    await container(asked.engine, 'fish', ['--network', 'lan', '--ip', ON_WIRE.asked, '-p', '8095:80']);
    const address = (name: string, on: string) =>
      asked.engine.docker(['inspect', '-f', `{{(index .NetworkSettings.Networks "${on}").IPAddress}}`, name]);
    const at = { bee: await address('bee', 'wide'), seal: await address('seal', 'secret') };
    await until(() => two.reaches(at.bee, 80, 'drone'));
    await until(() => two.reaches(ON_WIRE.asked, 80, 'mac'));
    return { ...two, at };
  } catch (error) {
    await two.leave();
    throw error;
  }
}

/** A command in the network namespace of a container of either host, by shell. */
const within = (name: string, command: string) =>
  `nsenter -t $(docker inspect -f '{{.State.Pid}}' ${name}) -n ${command}`;

/** What stops `drone` on its way to `bee`, by an overlay network. */
export const OVERLAY_FAULTS: readonly PeerFault[] = [
  {
    name: 'OUTPUT drops packets of VXLAN',
    on: 'host-a',
    break: 'iptables -I OUTPUT -p udp --dport 4789 -j DROP',
    codes: ['rule-stops'],
  },
  {
    name: 'INPUT drops packets of VXLAN, so answers do not come back',
    on: 'host-a',
    break: 'iptables -I INPUT -p udp --dport 4789 -j DROP',
    codes: ['rule-stops'],
  },
  {
    name: 'INPUT drops packets of VXLAN',
    on: 'host-b',
    break: 'iptables -I INPUT -p udp --dport 4789 -j DROP',
    codes: ['rule-stops'],
  },
  {
    name: 'OUTPUT drops packets of VXLAN',
    on: 'host-b',
    break: 'iptables -I OUTPUT -p udp --dport 4789 -j DROP',
    codes: ['rule-stops'],
  },
  {
    name: 'a rule of raw drops packets of the other node',
    on: 'host-b',
    break: `iptables -t raw -I PREROUTING -p udp -s ${NEAR.asking} -j DROP`,
    codes: ['rule-stops'],
  },
  {
    name: 'a firewall lets in SSH and what is established alone',
    on: 'host-b',
    break:
      'iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -i lo -j ACCEPT; iptables -P INPUT DROP',
    undo: 'iptables -P INPUT ACCEPT',
    codes: ['policy-stops', 'rule-stops'],
  },
  {
    name: 'a table of its own drops packets of VXLAN',
    on: 'host-b',
    break:
      "nft add table inet own; nft 'add chain inet own i { type filter hook input priority -5; policy accept; }'; nft add rule inet own i udp dport 4789 drop",
    undo: 'nft delete table inet own',
    codes: ['native-stops', 'native-drop'],
    byHand: true,
  },
  {
    name: 'the wire is down',
    on: 'host-b',
    break: 'ip link set eth1 down',
    undo: 'ip link set eth1 up',
    codes: ['wire-down'],
  },
  {
    name: 'packets larger than the other end takes',
    on: 'host-b',
    break: 'ip link set eth1 mtu 1400',
    undo: 'ip link set eth1 mtu 1500',
    codes: ['wire-mtu'],
    passes: true,
  },
  {
    name: 'the host has another address than the swarm knows',
    on: 'host-b',
    break: `ip addr del ${NEAR.asked}/24 dev eth1; ip addr add 203.0.113.21/24 dev eth1`,
    undo: `ip addr del 203.0.113.21/24 dev eth1; ip addr add ${NEAR.asked}/24 dev eth1`,
    codes: ['overlay-node'],
    byHand: true,
  },
  {
    name: 'nothing listens on the port',
    on: 'host-b',
    break: 'true',
    port: 81,
    codes: ['nothing-listens'],
    byHand: true,
  },
  {
    name: 'the interface of the container is down',
    on: 'host-b',
    break: within('bee', 'ip link set eth0 down'),
    undo: within('bee', 'ip link set eth0 up'),
    codes: ['container-interface-down'],
  },
  {
    name: 'the interfaces of VXLAN are gone',
    on: 'host-b',
    break:
      "for n in /run/docker/netns/1-*; do for l in $(nsenter --net=$n ip -o link show type vxlan | sed 's/^[0-9]*: \\([^:@]*\\).*/\\1/'); do nsenter --net=$n ip link del $l; done; done",
    undo: 'true',
    codes: ['overlay-closed'],
    byHand: true,
  },
];

/** What stops `mac` on its way to `fish`, by the wire beneath macvlan networks. */
export const WIRE_FAULTS: readonly PeerFault[] = [
  {
    name: 'the interface beneath is down',
    on: 'host-b',
    break: 'ip link set eth1 down',
    undo: 'ip link set eth1 up',
    codes: ['wire-down'],
  },
  {
    name: 'the interface beneath is down',
    on: 'host-a',
    break: 'ip link set eth1 down',
    undo: 'ip link set eth1 up',
    codes: ['wire-down'],
  },
  {
    name: 'the interface of the container is down',
    on: 'host-b',
    break: within('fish', 'ip link set eth0 down'),
    undo: within('fish', 'ip link set eth0 up'),
    codes: ['container-interface-down'],
  },
  {
    name: 'the container lost its address',
    on: 'host-b',
    break: within('fish', `ip addr del ${ON_WIRE.asked}/24 dev eth0`),
    undo: within('fish', `ip addr add ${ON_WIRE.asked}/24 dev eth0`),
    codes: ['container-address-missing'],
  },
  {
    name: 'the published port is asked at its own address',
    on: 'host-b',
    break: 'true',
    port: 8095,
    codes: ['nothing-listens'],
    byHand: true,
  },
  {
    name: 'a rule of FORWARD drops what a bridged container asks of it',
    on: 'host-a',
    asker: 'web',
    break: 'iptables -I FORWARD -p tcp -j DROP',
    codes: ['rule-stops'],
  },
  {
    name: 'a port is published there, and asked at the host',
    on: 'host-b',
    asker: 'web',
    address: NEAR.asked,
    port: 8095,
    break: 'true',
    codes: ['not-published'],
    byHand: true,
  },
  {
    name: 'a rule drops what a macvlan container asks of a published port',
    on: 'host-b',
    address: NEAR.asked,
    port: 8080,
    break: `iptables -I FORWARD -s ${ON_WIRE.asking} -j DROP`,
    codes: ['rule-stops'],
  },
];
