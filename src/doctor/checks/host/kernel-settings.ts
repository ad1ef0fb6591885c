import type { LiveNetwork } from '../../../docker/inventory/inventory.ts';
import { bridgesIn } from '../../../docker/inventory/set-aside.ts';
import { FAMILIES, FAMILY_NAMES, type Family } from '../../../net/family.ts';
import { checksOf, listNames } from '../check.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import { advise, proposal } from '../../remedies/proposal.ts';
import { harmless } from '../../remedies/offer.ts';
import { bridgeFilter, setSysctl } from '../../remedies/routing.ts';
import { isUnseen, type Facts } from '../../facts/facts.ts';
import { deadDoors, doorsOf, lostDoors } from '../../../reach/askers.ts';
import { addressOf, bridgeNetworks, membersOf, sysctl, sysctlName, uplinksOf } from '../../lookup.ts';

const { ok, warn, fail, unknown } = checksOf('host');

/** The kernel's settings that decide whether packets of containers are passed on at all. */
export function judgeHost(facts: Facts): readonly Check[] {
  const checks = [
    ...FAMILIES.flatMap((family) => judgeForwarding(facts, family)),
    ...judgeConntrack(facts),
    ...judgeBridgeFilter(facts),
    ...judgeUplinks(facts),
  ];
  return checks.some(({ verdict }) => verdict === 'fail' || verdict === 'unknown')
    ? checks
    : [...checks, ok('host', 'the kernel forwards, tracks and filters as Docker needs it')];
}

const FORWARDING = { ipv4: 'ipv4/ip_forward', ipv6: 'ipv6/conf/all/forwarding' } as const;

/** Whether any running container has an address of the family on a network that leads out. */
function needsForwarding(facts: Facts, family: Family): boolean {
  return membersOf(facts).some(
    ({ attached, network }) => addressOf(attached, family) !== '' && !network.internal,
  );
}

function judgeForwarding(facts: Facts, family: Family): readonly Check[] {
  const { netState } = facts;
  if (!needsForwarding(facts, family)) return [];
  const path = FORWARDING[family];
  if (sysctl(netState, path) === undefined)
    return [
      unknown(
        'forwarding-unknown',
        `whether the kernel forwards ${FAMILY_NAMES[family]} packets could not be read`,
      ),
    ];
  const name = FAMILY_NAMES[family];
  if (sysctl(netState, path) === '0')
    return [
      fail('forwarding-off', `the kernel does not forward ${name} packets`, {
        meaning:
          'published ports and the outside are lost to every container; docker-proxy may hide it on this host',
        evidence: [`${sysctlName(path)} = 0`],
        remedies: [
          ...turnOn(path, facts),
          advise(
            `look for what turned it off: grep -r ${family === 'ipv4' ? 'ip_forward' : 'forwarding'} /etc/sysctl.conf /etc/sysctl.d`,
          ),
        ],
        impairs: 'all',
      }),
    ];
  const bridges = bridgeNetworks(facts).filter(({ id }) =>
    membersOf(facts).some(({ network }) => network.id === id),
  );
  const interfaces = [...bridges.map(({ bridge }) => bridge), ...uplinksOf(facts).map((link) => link.name)];
  // The kernel asks the interface a packet comes in by (ip_route_input, IPv4; ip6_forward asks `all` too).
  return interfaces.flatMap((dev) => {
    const own = `${family}/conf/${dev}/forwarding`;
    if (sysctl(netState, own) !== '0') return [];
    const network = bridges.find(({ bridge }) => bridge === dev);
    return [
      fail('interface-forwarding-off', `the kernel does not forward ${name} packets that come in by ${dev}`, {
        about: dev,
        meaning:
          network === undefined
            ? 'nothing from outside reaches a container'
            : `containers of ${network.name} reach nothing beyond their own network`,
        evidence: [`${sysctlName(own)} = 0`],
        remedies: turnOn(own, facts),
        impairs: network === undefined ? 'all' : namesIn(facts, network),
      }),
    ];
  });
}

/** Where Docker's rules are lost, forwarding that is off may be all that keeps somebody out. */
const turnOn = (path: string, facts: Facts): readonly Remedy[] =>
  harmless(
    [proposal('turn it on', setSysctl(path, '1'))],
    facts,
    advise(
      "restore Docker's rules first (rulesguard restore), then ask again: to turn it on now would open what they close",
    ),
  );

/** A network and the containers on it. */
export function namesIn(facts: Facts, network: LiveNetwork): readonly string[] {
  const members = membersOf(facts).filter((member) => member.network.id === network.id);
  return [network.name, ...members.map(({ container }) => container.name)];
}

/** From here on a table is as good as full: entries die later than packets come. */
const FULL = 0.98;
const NEARLY = 0.85;

function judgeConntrack(facts: Facts): readonly Check[] {
  const { conntrack, conntrackDrops } = facts;
  if (conntrack === undefined || conntrack.max === 0) return [];
  const { count, max } = conntrack;
  if (count < max * NEARLY) return [];
  const seen = [
    `nf_conntrack_count = ${String(count)}`,
    `nf_conntrack_max = ${String(max)}`,
    ...(conntrackDrops === undefined
      ? []
      : [`dropped or pushed out for want of space so far: ${String(conntrackDrops)}`]),
  ];
  const enlarge = harmless(
    [
      proposal(
        'enlarge the table',
        setSysctl('netfilter/nf_conntrack_max', String(Math.max(max * 4, 65_536))),
      ),
    ],
    facts,
  );
  if (count >= max * FULL)
    return [
      fail(
        'conntrack-full',
        `the connection tracking table is full: ${String(count)} of ${String(max)} entries`,
        {
          meaning: 'new connections are dropped, whatever the rules say; old ones live on',
          evidence: seen,
          remedies: [...enlarge, advise('see who fills it: conntrack -L | sort | uniq -c')],
          impairs: 'all',
        },
      ),
    ];
  return [
    warn(
      'conntrack-filling',
      `the connection tracking table is filling: ${String(count)} of ${String(max)} entries`,
      { evidence: seen, remedies: enlarge },
    ),
  ];
}

const BRIDGE_FILTER = 'bridge/bridge-nf-call-iptables';

/** Packets between two containers of one network meet the rules only where br_netfilter hands them over. */
function judgeBridgeFilter(facts: Facts): readonly Check[] {
  const value = sysctl(facts.netState, BRIDGE_FILTER);
  if (value === '1') return [];
  const closed = bridgeNetworks(facts).filter(
    (network) =>
      !network.icc && membersOf(facts).filter((member) => member.network.id === network.id).length > 1,
  );
  if (closed.length === 0) return [];
  const names = listNames(closed.map(({ name }) => name));
  return [
    fail('bridge-filter-off', `containers of ${names} can reach each other, although icc=false forbids it`, {
      about: names,
      impairs: closed.flatMap((network) => namesIn(facts, network)),
      meaning: "the kernel does not show packets within a bridge to Docker's rules",
      evidence: [
        value === undefined
          ? 'net.bridge.bridge-nf-call-iptables is missing: br_netfilter is not loaded'
          : `${sysctlName(BRIDGE_FILTER)} = ${value}`,
      ],
      remedies: harmless(
        [proposal('turn it on', ...bridgeFilter(BRIDGE_FILTER, facts.netState))],
        facts,
        advise(
          "restore Docker's rules first (rulesguard restore), then ask again: to turn it on now would open what they close",
        ),
      ),
    }),
  ];
}

/** Interfaces to the outside that are there and do not work, and families in which this host knows no way beyond its own networks. */
function judgeUplinks(facts: Facts): readonly Check[] {
  if (isUnseen(facts, 'interfaces', 'routes')) return [];
  const { netState } = facts;
  const bridges = bridgesIn(facts);
  const needy = membersOf(facts).some(({ network }) => !network.internal);
  const dead = deadDoors(netState, bridges);
  const isLost = needy && lostDoors(netState, bridges).length > 0;
  return [
    ...dead.map(({ name, up }) =>
      (isLost ? fail : warn)(
        'interface-down',
        `${name} has addresses, but ${up ? 'no carrier' : 'is down'}`,
        {
          about: name,
          meaning: isLost
            ? 'nothing comes or goes by it, and there is no other way out'
            : 'nothing comes or goes by it',
          evidence: [`${name}: ${up ? 'up, NO-CARRIER' : 'DOWN'}`],
          // Its routes, and its IPv6 addresses, went with it: who configured them knows them.
          remedies: [
            advise(
              `set it up as your network configuration does, which brings its routes back too: ifup ${name}, networkctl reconfigure ${name} or nmcli device reapply ${name}`,
            ),
          ],
          ...(isLost ? { impairs: 'all' as const } : {}),
        },
      ),
    ),
    ...(isLost ? [] : FAMILIES.flatMap((family) => judgeDefaultRoute(facts, family))),
  ];
}

/** A host that is to reach its own networks alone has no default route: whether one is missing, nothing here says. */
function judgeDefaultRoute(facts: Facts, family: Family): readonly Check[] {
  const { netState } = facts;
  const bridges = bridgesIn(facts);
  const hasDefault = netState.routes.some(
    (route) => route.to.endsWith('/0') && route.family === family && route.type === 'unicast',
  );
  if (hasDefault || !needsForwarding(facts, family) || doorsOf(netState, family, bridges).length === 0)
    return [];
  const [name, ip] = [FAMILY_NAMES[family], family === 'ipv4' ? 'ip' : 'ip -6'];
  return [
    warn('no-default-route', `this host has no ${name} default route`, {
      meaning:
        'containers reach only what the host itself reaches, and answer nobody further away: as it should be where it is to reach its own network alone',
      evidence: [`${ip} route show default: nothing`],
      remedies: [
        advise(
          `if one is missing, give it back as your network configuration does: ${ip} route add default via GATEWAY dev INTERFACE`,
        ),
      ],
    }),
  ];
}
