import { sh } from '../../../shell.ts';
import { checksOf, listNames } from '../check.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import type { ContainerFacts, Facts } from '../../facts/facts.ts';
import { pathLines, type Group } from '../../paths/follow.ts';
import { offered } from '../../remedies/offer.ts';
import { advise, untried } from '../../remedies/proposal.ts';
import { propose } from '../../remedies/propose.ts';

const { fail } = checksOf('path');

interface PathDetails {
  readonly about: string;
  readonly evidence: readonly string[];
}

/**
 * What Docker's own rules close, and was requested all the same: which setting closes it, and what would open it. Networks
 * are made once; none of these is a fault of the rules.
 */
export function closedOnPurpose(group: Group, facts: Facts, facets: PathDetails): Check {
  const { followed, first } = group;
  const { subjects } = first.request;
  const on = facts.networks.filter(({ name }) => subjects.includes(name));
  const [from = '', to = ''] = subjects;
  const internal = on.find((network) => network.internal);
  if (first.request.kind === 'same-network' && on[0]?.icc === false)
    return fail(
      'icc-off',
      `network ${on[0].name} was made with icc=false: its containers may not reach each other`,
      {
        ...facets,
        meaning: "Docker's own rule closes it, as configured; published ports and links still work",
        remedies:
          facts.tables === undefined
            ? [...offered(group, facts, propose), advise('or put both on a network made without icc=false')]
            : [
                advise(
                  'put both on a network made without icc=false: nothing in another table overrules a drop',
                ),
              ],
      },
    );
  if (first.request.kind === 'outbound' && internal !== undefined)
    return fail(
      'internal-network',
      `network ${internal.name} is internal: nothing on it reaches the outside`,
      {
        ...facets,
        meaning: "Docker's own rule closes it, as configured",
        remedies: [
          untried(
            'docker',
            'give it a network with a way out as well: containers there reach it, and it them',
            sh`docker network connect bridge ${from}`,
          ),
        ],
      },
    );
  // By an address of the host it is the other network's container all the same, where nothing but the kernel translates.
  const byHost =
    first.request.kind === 'host' && find(facts, from) !== undefined && find(facts, to) !== undefined;
  const meeting = byHost ? meetingOf(facts, from, to) : undefined;
  if (meeting !== undefined)
    return fail(
      'no-shared-network',
      `${from} asks by network ${subjects[2] ?? ''}, which Docker keeps apart from ${to}`,
      {
        ...facets,
        evidence: [...places(facts, from), ...places(facts, to), ...pathLines(followed)],
        meaning: "Docker's own rule closes it, as configured",
        remedies: [advise(`ask ${to} on ${meeting.network}, where both are: ${addressAt(meeting)}`)],
      },
    );
  if (first.request.kind === 'other-network' || byHost)
    return fail('no-shared-network', `${from} and ${to} share no network: Docker keeps networks apart`, {
      ...facets,
      evidence: [...places(facts, from), ...places(facts, to), ...pathLines(followed)],
      meaning: "Docker's own rule closes it, as configured",
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

type Place = ContainerFacts['attachments'][number];

const addressAt = ({ ipv4, ipv6 }: Place): string => (ipv4 === '' ? ipv6 : ipv4);

/** Where the other one is on a network that both are on. */
function meetingOf(facts: Facts, from: string, to: string): Place | undefined {
  const own = new Set(find(facts, from)?.attachments.map(({ networkId }) => networkId));
  return find(facts, to)?.attachments.find(({ networkId }) => own.has(networkId));
}

/**
 * Both on one network: the asking one joins a network of the other's. By an address of the host it may still ask by the network it
 * was on: only the other's own address is certain.
 */
function meet(facts: Facts, from: string, to: string): Remedy {
  const place = find(facts, to)?.attachments[0];
  const theirs = place?.network ?? 'bridge';
  const at = place === undefined || addressAt(place) === '' ? '' : `${to} at ${addressAt(place)}, and `;
  return untried(
    'docker',
    `let ${from} join ${theirs}: it reaches ${at}all containers there, and they it`,
    sh`docker network connect ${theirs} ${from}`,
  );
}
