import type { NetworkLink } from '../../../trace/network-state.ts';
import { MESH } from '../../../docker/inventory/container.ts';
import { checksOf, listNames } from '../check.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import { isUnavailable, type Facts, type Inside } from '../../facts/facts.ts';
import { within } from '../container/inside-commands.ts';
import { namesIn } from './kernel-settings.ts';
import {
  bridgeNetworks,
  hostEndOf,
  insideLinkOf,
  insideOf,
  isRunning,
  linkOf,
  membersOf,
  type Member,
} from '../../lookup.ts';
import { attach, attachUp, letForward, setFree, setMtu, setUp } from '../../remedies/links.ts';
import { tried } from '../../remedies/offer.ts';
import { advise, untried, type RemedyStep } from '../../remedies/proposal.ts';
import { sh } from '../../../shell.ts';

const { ok, warn, fail, unknown } = checksOf('links');

/** Every container's interface paired with its veth on the host, and that veth with the right bridge. */
export function judgeLinks(facts: Facts): readonly Check[] {
  const pairs = membersOf(facts).map((member) => judgePair(member, facts));
  const unseen = facts.containers.filter(({ inside }) => inside !== undefined && isUnavailable(inside));
  const wrong = pairs.flatMap((check) => check ?? []);
  const orphans = unseen.length > 0 ? [] : orphansOf(facts);
  const paired = pairs.length - wrong.length;
  return [
    ...wrong,
    ...isolatedOn(facts),
    ...unseen.map(({ name, inside }) =>
      unknown('container-unseen', `the network namespace of ${name} cannot be seen from here`, {
        about: name,
        evidence: inside !== undefined && isUnavailable(inside) ? [inside.unavailable] : [],
      }),
    ),
    ...orphans.map((veth) =>
      warn('orphan-veth', `${veth.name} hangs on ${veth.master}, but belongs to no running container`, {
        about: veth.name,
        evidence: [`${veth.name} master ${veth.master}, index ${String(veth.index)}`],
        // Whatever its other end is in lives: a veth goes with the namespace of its peer.
        remedies: [advise(`see what its other end is in before you remove it: ip -d link show ${veth.name}`)],
      }),
    ),
    ...(paired > 0
      ? [ok('links', `${String(paired)} container interfaces hang on the right bridge, up and forwarding`)]
      : []),
  ];
}

/** What is wrong between a container and its bridge; undefined for nothing, or when it cannot be seen. */
function judgePair(member: Member, facts: Facts): Check | undefined {
  const { container, attached, network } = member;
  const inside = insideOf(container);
  if (inside === undefined) return undefined;
  const { name } = container;
  const about = { about: name, impairs: [name] };
  const meaning = `${name} is cut off from network ${network.name}`;
  const link = insideLinkOf(inside, attached);
  // Only where it is wanted: what a remedy opens is found out by following the host's packets once more.
  const recreating = (): readonly Remedy[] => recreateVeth(member, inside, facts);
  if (link === undefined)
    // An interface that is there without its address is the container's trouble.
    return inside.links.some(({ name: other }) => other !== 'lo')
      ? undefined
      : fail('container-interface-missing', `${name} has no interface for network ${network.name}`, {
          ...about,
          meaning,
          evidence: [`interfaces inside: ${inside.links.map((one) => one.name).join(', ')}`],
          remedies: recreating(),
        });
  const veth = hostEndOf(facts.netState, link);
  if (veth === undefined)
    return fail('veth-missing', `the host's end of ${name}'s ${link.name} is gone`, {
      ...about,
      meaning,
      evidence: [
        `${link.name} inside names interface ${String(link.peerIndex)} as its other end; the host has none`,
      ],
      remedies: recreating(),
    });
  const bridge = linkOf(facts.netState, network.bridge);
  // A missing or downed bridge is reported once, for all that hangs on it.
  if (bridge === undefined) return undefined;
  return judgeVeth(veth, link, bridge, { ...about, meaning, host: facts });
}

/** Isolated bridge ports: packets between two of them are dropped. */
function isolatedOn(facts: Facts): readonly Check[] {
  return bridgeNetworks(facts).flatMap((network) => {
    const { bridge, name } = network;
    const apart = facts.netState.links.filter(
      ({ master, isolated }) => master === bridge && isolated === true,
    );
    if (apart.length < 2) return [];
    const devs = apart.map((link) => link.name);
    return [
      fail('port-isolated', `${listNames(devs)} are isolated ports of ${bridge}`, {
        about: name,
        meaning: 'their containers cannot reach each other, whatever the rules say',
        evidence: devs.map((dev) => `${dev} isolated on`),
        remedies: tried('make them reach each other', devs.map(setFree), facts),
        impairs: namesIn(facts, network),
      }),
    ];
  });
}

/** A new veth pair in place of one that is gone: Docker itself would give another address, and forget its aliases. */
function recreateVeth(
  { container: { name }, attached, network }: Member,
  inside: Inside,
  facts: Facts,
): readonly Remedy[] {
  const veth = `veth${vethName(attached.networkId, name)}`;
  const length = network.subnets.find((subnet) => !subnet.includes(':'))?.split('/')[1] ?? '16';
  const here = (command: string): RemedyStep => ({
    command: within(inside, command),
    change: { of: 'inside' },
  });
  const again = untried('docker', 'or restart it', sh`docker restart ${name}`);
  if (attached.ipv4 === '' || attached.ipv6 !== '') return [again];
  return [
    ...tried(
      'recreate its veth pair: its processes keep running',
      [
        {
          command: `${sh`ip link add ${veth} type veth peer name eth0`} netns ${inside.netns}`,
          change: { of: 'link', name: veth, fields: { kind: 'veth' } },
        },
        ...(attached.mac === '' ? [] : [here(sh`ip link set dev eth0 address ${attached.mac}`)]),
        here(sh`ip address add ${attached.ipv4}/${length} brd + dev eth0`),
        here('ip link set dev eth0 up'),
        ...(attached.gateway === ''
          ? []
          : [here(sh`ip route replace default via ${attached.gateway} dev eth0`)]),
        attachUp(veth, network.bridge),
      ],
      facts,
    ),
    again,
  ];
}

/** Eleven characters for an interface's name at most fifteen long, of what is unique. */
const vethName = (networkId: string, name: string): string =>
  `${networkId.slice(0, 4)}${name.replaceAll(/[^\w]/g, '').slice(0, 6)}`;

interface About {
  readonly about: string;
  readonly impairs: readonly string[];
  readonly meaning: string;
  readonly host: Facts;
}

function judgeVeth(
  veth: NetworkLink,
  link: NetworkLink,
  bridge: NetworkLink,
  { host, ...facets }: About,
): Check | undefined {
  const { about: name } = facets;
  const { name: dev } = veth;
  const seen = [
    `${dev}: ${veth.up ? 'up' : 'DOWN'}, ${veth.master === '' ? 'no master' : `master ${veth.master}`}`,
  ];
  const home = attach(dev, bridge.name);
  if (!veth.up)
    return fail('veth-down', `${dev}, the host's end of ${name}'s ${link.name}, is down`, {
      ...facets,
      evidence: seen,
      remedies: tried('set it up', [setUp(dev), ...(veth.master === bridge.name ? [] : [home])], host),
    });
  if (veth.master === '')
    return fail('veth-detached', `${dev}, the host's end of ${name}'s ${link.name}, hangs on no bridge`, {
      ...facets,
      evidence: seen,
      remedies: tried('restore it', [home], host),
    });
  if (veth.master !== bridge.name)
    return fail(
      'veth-elsewhere',
      `${dev}, the host's end of ${name}'s ${link.name}, hangs on ${veth.master} instead of ${bridge.name}`,
      {
        ...facets,
        evidence: seen,
        remedies: tried('restore it', [home], host),
      },
    );
  const isLive = bridge.up && veth.carrier && link.up;
  if (isLive && (veth.portState === 'disabled' || veth.portState === 'blocking'))
    return fail(
      'port-not-forwarding',
      `${bridge.name} does not forward on ${dev}, the host's end of ${name}'s ${link.name}`,
      {
        ...facets,
        evidence: [`${dev} state ${veth.portState}`],
        remedies: tried('let it forward', [letForward(dev)], host),
      },
    );
  if (veth.mtu !== link.mtu)
    return fail(
      'mtu-mismatch',
      `the two ends of ${name}'s ${link.name} differ in MTU: ${String(link.mtu)} inside, ${String(veth.mtu)} on ${dev}`,
      {
        ...facets,
        meaning: 'small packets pass, large ones are dropped silently: connections open and then hang',
        evidence: [`${link.name} mtu ${String(link.mtu)}`, `${dev} mtu ${String(veth.mtu)}`],
        remedies: tried('make them equal', [setMtu(dev, link.mtu)], host),
      },
    );
  return undefined;
}

/**
 * Ports of Docker's bridges that pair with nothing inside any container. The sandbox of the routing mesh, which no container holds,
 * has one of them where the Engine names it: which one cannot be seen.
 */
function orphansOf(facts: Facts): readonly NetworkLink[] {
  const bridges = new Set(bridgeNetworks(facts).map(({ bridge }) => bridge));
  const paired = new Set(
    facts.containers
      .filter(isRunning)
      .flatMap((container) => (insideOf(container)?.links ?? []).map(({ peerIndex }) => peerIndex)),
  );
  const alone = facts.netState.links.filter(
    ({ kind, master, index }) => kind === 'veth' && bridges.has(master) && !paired.has(index),
  );
  const meshed = new Set(
    (facts.intended?.inventory.endpoints ?? []).flatMap(({ container, bridge }) =>
      container === MESH ? [bridge] : [],
    ),
  );
  return alone.filter(
    ({ master }) => !meshed.has(master) || alone.filter((other) => other.master === master).length > 1,
  );
}
