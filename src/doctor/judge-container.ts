import { advise, checksOf, listNames, type } from './check.ts';
import type { Check } from './diagnosis.ts';
import type { Attached, ContainerFacts, Facts, Inside } from './facts.ts';
import { judgeMode } from './judge-mode.ts';
import { judgeStopped } from './judge-stopped.ts';
import { insideLinkOf, insideOf, isRunning, membersOf, type Member } from './lookup.ts';
import { sh } from '../shell.ts';

const { ok, warn, fail } = checksOf('container');

/**
 * What each container's own side shows: whether it runs, what its network mode means, its addresses, routes and resolver.
 *
 * @param asked - names of the containers doctor was asked about: of those alone it matters that they are stopped
 */
export function judgeContainers(facts: Facts, asked: ReadonlySet<string>): readonly Check[] {
  return facts.containers.flatMap((container) => {
    const isAsked = asked.has(container.name);
    if (!isRunning(container)) return judgeStopped(container, isAsked, facts);
    const checks = [
      ...judgeMode(container, facts, isAsked),
      ...judgeState(container, isAsked),
      ...judgeInside(container, facts),
    ];
    const isSound = !checks.some(({ verdict }) => verdict === 'fail');
    return isAsked && isSound ? [...checks, soundness(container)] : checks;
  });
}

function soundness({ name, status, attachments, networkMode }: ContainerFacts): Check {
  const places = attachments.map(
    ({ network, ipv4, ipv6 }) =>
      `${network}: ${[ipv4, ipv6].filter((one) => one !== '').join(', ') || 'no address'}`,
  );
  return ok('container', `${name} runs, with its addresses and routes`, {
    about: name,
    evidence: [status, `network mode ${networkMode}`, ...places],
  });
}

function judgeState({ name, state, status }: ContainerFacts, isAsked: boolean): readonly Check[] {
  if (state !== 'paused') return [];
  const facets = {
    about: name,
    evidence: [status],
    remedies: [type('let it go on', sh`docker unpause ${name}`)],
  };
  const title = `${name} is paused`;
  const meaning = 'packets reach it, and it answers none';
  return [
    isAsked
      ? fail('container-paused', title, { ...facets, meaning, impairs: [name] })
      : warn('container-paused', title, { ...facets, meaning }),
  ];
}

function judgeInside(container: ContainerFacts, facts: Facts): readonly Check[] {
  const inside = insideOf(container);
  if (
    inside === undefined ||
    container.networkMode === 'host' ||
    container.networkMode.startsWith('container:')
  )
    return [];
  const members = membersOf(facts).filter((member) => member.container === container);
  const addresses = members.flatMap((member) => judgeAddress(member, inside));
  return [
    ...addresses,
    // Routes go with the address they stand on.
    ...(addresses.length > 0 ? [] : judgeDefault(container, inside, members)),
    ...judgeResolver(container, inside, members),
    ...judgeLed(container, inside),
  ];
}

/** A command line that works in a container's network namespace. */
export const within = ({ netns }: Inside, command: string): string => `nsenter --net=${netns} ${command}`;

function judgeAddress({ container, attached, network }: Member, inside: Inside): readonly Check[] {
  const { name } = container;
  const link = insideLinkOf(inside, attached) ?? inside.links.find((one) => one.name !== 'lo');
  // Judged with the links: there is nothing an address could be on.
  if (link === undefined) return [];
  const facets = { about: name, impairs: [name] };
  const route = defaultCommands(attached, inside, link.name);
  if (!link.up)
    return [
      fail('container-interface-down', `${link.name} inside ${name} is down`, {
        ...facets,
        meaning: `${name} is cut off from network ${network.name}`,
        evidence: [`${link.name}: DOWN`],
        remedies: [type('set it up', within(inside, sh`ip link set dev ${link.name} up`), ...route)],
      }),
    ];
  const length = network.subnets.find((subnet) => !subnet.includes(':'))?.split('/')[1] ?? '16';
  if (attached.ipv4 === '' || link.addresses.some(({ address }) => address === attached.ipv4)) return [];
  return [
    fail(
      'container-address-missing',
      `${name} has lost its address ${attached.ipv4} on network ${network.name}`,
      {
        ...facets,
        meaning: 'what is sent to it finds nobody',
        evidence: [
          `${link.name} inside has ${link.addresses.map(({ address }) => address).join(', ') || 'no address'}`,
        ],
        remedies: [
          type(
            'give it back',
            within(inside, sh`ip address add ${attached.ipv4}/${length} brd + dev ${link.name}`),
            ...route,
          ),
        ],
      },
    ),
  ];
}

const defaultCommands = ({ gateway }: Attached, inside: Inside, dev: string): readonly string[] =>
  gateway === '' ? [] : [within(inside, sh`ip route replace default via ${gateway} dev ${dev}`)];

/** Where a container sends what is not its own network's. */
function judgeDefault(
  { name }: ContainerFacts,
  inside: Inside,
  members: readonly Member[],
): readonly Check[] {
  const leading = members.filter(({ attached, network }) => attached.gateway !== '' && !network.internal);
  const [first] = leading;
  const link = first && insideLinkOf(inside, first.attached);
  // Without its interface, up and with its address, no route can be there.
  if (first === undefined || link?.up !== true) return [];
  const found = inside.routes.filter(({ family, to }) => family === 'ipv4' && to === '0.0.0.0/0');
  const facets = { about: name, impairs: [name] };
  const remedies = [type('put it back', ...defaultCommands(first.attached, inside, link.name))];
  const gateways = leading.map(({ attached }) => attached.gateway);
  if (found.length === 0)
    return [
      fail('container-no-default-route', `${name} has no default route`, {
        ...facets,
        meaning:
          'it answers its own network only: the outside, and clients of its published ports, get no reply',
        evidence: ['ip route inside: no default', `the Engine gave it ${gateways.join(', ')}`],
        remedies,
      }),
    ];
  const isRight = found.some(
    ({ via, dev }) => gateways.includes(via) || !inside.links.some((one) => one.name === dev),
  );
  if (isRight) return [];
  return [
    fail(
      'container-wrong-gateway',
      `${name} sends to ${found[0]?.via || 'no gateway'} what it should send to ${listNames(gateways)}`,
      {
        ...facets,
        meaning: 'its packets to the outside, and its replies to clients there, get lost',
        evidence: found.map(({ via, dev }) => `default via ${via} dev ${dev}`),
        remedies,
      },
    ),
  ];
}

/** Docker's name server is reached by rules inside the container (127.0.0.11); without them names are lost, addresses are not. */
function judgeLed({ name }: ContainerFacts, { resolvers = [], resolverLed }: Inside): readonly Check[] {
  if (resolverLed !== false || !resolvers.includes('127.0.0.11')) return [];
  return [
    fail('container-dns-lost', `${name} has lost the rules that lead to Docker's name server`, {
      about: name,
      meaning: 'it reaches addresses, and no names: neither of containers nor of the outside',
      evidence: [
        '/etc/resolv.conf inside: nameserver 127.0.0.11',
        'nat OUTPUT inside: no jump to DOCKER_OUTPUT',
      ],
      remedies: [type('start it anew: Docker writes them only then', sh`docker restart ${name}`)],
      impairs: [name],
    }),
  ];
}

function judgeResolver(
  { name }: ContainerFacts,
  { resolvers }: Inside,
  members: readonly Member[],
): readonly Check[] {
  if (resolvers === undefined || resolvers.length > 0 || members.length === 0) return [];
  return [
    warn('no-resolver', `${name} has no name server`, {
      about: name,
      meaning: 'it can reach addresses, not names',
      evidence: ['/etc/resolv.conf inside names no nameserver'],
      remedies: [
        advise(`put one into /etc/resolv.conf of the host and restart ${name}, or run it with --dns`),
      ],
    }),
  ];
}
