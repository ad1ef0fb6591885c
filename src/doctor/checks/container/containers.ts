import type { NetworkPlace } from '../../../docker/inventory/container-answer.ts';
import { advise, untried } from '../../remedies/proposal.ts';
import { checksOf } from '../check.ts';
import type { Check } from '../../diagnosis.ts';
import type { ContainerFacts, Facts, Inside } from '../../facts/facts.ts';
import { judgeAddresses } from './addresses.ts';
import { judgeMode } from './mode.ts';
import { judgeStopped } from './stopped.ts';
import { insideOf, isRunning, membersOf, type Member } from '../../lookup.ts';
import { sh } from '../../../shell.ts';

const { ok, warn, fail } = checksOf('container');

/**
 * What each container's own side shows: whether it runs, what its network mode means, its addresses, routes and resolver.
 *
 * @param named - names of the containers the diagnosis is about: only of those it matters that they are stopped
 */
export function judgeContainers(facts: Facts, named: ReadonlySet<string>): readonly Check[] {
  return facts.containers.flatMap((container) => {
    const isNamed = named.has(container.name);
    if (!isRunning(container)) return judgeStopped(container, isNamed, facts);
    const checks = [
      ...judgeMode(container, facts, isNamed),
      ...judgeState(container, isNamed),
      ...judgeInside(container, facts),
    ];
    // One without IPv6, as it was started, is well, and yet not with all its addresses.
    const isSound = !checks.some(({ verdict, code }) => verdict === 'fail' || code === 'container-ipv6-off');
    return isNamed && isSound ? [...checks, soundness(container)] : checks;
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

function judgeState({ name, state, status }: ContainerFacts, isNamed: boolean): readonly Check[] {
  if (state !== 'paused') return [];
  const facets = {
    about: name,
    evidence: [status],
    remedies: [untried('docker', 'resume it', sh`docker unpause ${name}`)],
  };
  const title = `${name} is paused`;
  const meaning = 'packets reach it, and it answers none';
  return [
    isNamed
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
  return [
    ...judgeAddresses(container, inside, members, outerOf(container, facts)),
    ...judgeResolver(container, inside, members),
    ...judgeLed(container, inside, facts),
  ];
}

/** Its places on networks that lead past the host's bridges. */
const outerOf = ({ attachments }: ContainerFacts, { networks }: Facts): readonly NetworkPlace[] => {
  const outer = networks.filter(({ driver, internal }) => !internal && /^(?:mac|ip)vlan$/.test(driver));
  return attachments.filter(({ networkId }) => outer.some(({ id }) => id === networkId));
};

/** Docker's name server is reached by rules inside the container (127.0.0.11); without them names are lost, addresses are not. */
function judgeLed(
  { name }: ContainerFacts,
  { resolvers = [], resolverRules: resolverLed }: Inside,
  { tables }: Facts,
): readonly Check[] {
  if (resolverLed !== false || !resolvers.includes('127.0.0.11')) return [];
  return [
    fail('container-dns-lost', `${name} has lost the rules that lead to Docker's name server`, {
      about: name,
      meaning: 'it reaches addresses, and no names: neither of containers nor of the outside',
      evidence: [
        '/etc/resolv.conf inside: nameserver 127.0.0.11',
        tables === undefined
          ? 'nat OUTPUT inside: no jump to DOCKER_OUTPUT'
          : 'nftables inside: no table docker-dns',
      ],
      remedies: [untried('docker', 'restart it: Docker writes them only then', sh`docker restart ${name}`)],
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
