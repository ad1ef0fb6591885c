import { sh } from '../shell.ts';
import { advise, checksOf, listNames, type } from './check.ts';
import type { Check } from './diagnosis.ts';
import type { ContainerFacts, Facts } from './facts.ts';
import { pathLines, type Followed } from './follow.ts';

const { fail } = checksOf('path');

interface Facets {
  readonly about: string;
  readonly evidence: readonly string[];
}

const NO_ICC = 'com.docker.network.bridge.enable_icc';

/**
 * What Docker's own rules close, and was asked for all the same: which setting closes it, and what would open it. Networks
 * are made once; none of these is a fault of the rules.
 */
export function closedByDesign(followed: readonly Followed[], facts: Facts, facets: Facets): Check {
  const [first] = followed;
  const subjects = first?.request.subjects ?? [];
  const on = facts.networks.filter(({ name }) => subjects.includes(name));
  const [from = '', to = ''] = subjects;
  const internal = on.find((network) => network.internal);
  if (first?.request.kind === 'same-network' && on[0]?.options[NO_ICC] === 'false')
    return fail(
      'icc-off',
      `network ${on[0].name} was made with icc=false: its containers may not reach each other`,
      {
        ...facets,
        meaning: "Docker's own rule closes it, as it was asked to; published ports and links still work",
        remedies: [
          type(
            'let them, in the place Docker leaves for rules of yours (and in the file you keep them in)',
            sh`iptables -w -I DOCKER-USER -i ${on[0].bridge} -o ${on[0].bridge} -j ACCEPT`,
          ),
          advise('or put both on a network made without icc=false'),
        ],
      },
    );
  if (first?.request.kind === 'outbound' && internal !== undefined)
    return fail(
      'internal-network',
      `network ${internal.name} is internal: nothing on it reaches the outside`,
      {
        ...facets,
        meaning: "Docker's own rule closes it, as it was asked to",
        remedies: [
          type('give it a network with a way out as well', sh`docker network connect bridge ${from}`),
        ],
      },
    );
  if (first?.request.kind === 'other-network')
    return fail('no-shared-network', `${from} and ${to} share no network: Docker keeps networks apart`, {
      ...facets,
      evidence: [...places(facts, from), ...places(facts, to), ...pathLines(followed)],
      meaning: "Docker's own rule closes it, as it was asked to",
      remedies: [meet(facts, from, to)],
    });
  return fail('docker-closes', `Docker's own rule closes this`, {
    ...facets,
    meaning: 'only published ports are open from outside a network',
    remedies: [advise('publish the port (-p), or ask from a container of the same network')],
  });
}

const find = (facts: Facts, name: string): ContainerFacts | undefined =>
  facts.containers.find((container) => container.name === name);

const places = (facts: Facts, name: string): readonly string[] => {
  const networks = (find(facts, name)?.attachments ?? []).map(({ network, ipv4 }) => `${network} (${ipv4})`);
  return networks.length === 0 ? [] : [`${name} is on ${listNames(networks)}`];
};

/** Both on one network: the asking one joins a network of the other's. */
function meet(facts: Facts, from: string, to: string): ReturnType<typeof type> {
  const theirs = find(facts, to)?.attachments[0]?.network ?? 'bridge';
  return type(`let ${from} join ${theirs}`, sh`docker network connect ${theirs} ${from}`);
}
