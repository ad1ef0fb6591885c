import type { PortBinding } from '../../../docker/inventory/container-answer.ts';
import { sh } from '../../../shell.ts';
import { advise, untried } from '../../remedies/proposal.ts';
import { checksOf } from '../check.ts';
import type { Check } from '../../diagnosis.ts';
import type { ContainerFacts, Facts } from '../../facts/facts.ts';
import { hasLostNetworks, reconnect } from './reconnect.ts';

const { warn, fail } = checksOf('container');

/** A container that does not run: it matters only if the diagnosis is about it. */
export function judgeStopped(container: ContainerFacts, isNamed: boolean, facts: Facts): readonly Check[] {
  const { name, state, status, requestedPorts = [] } = container;
  const start = [...(hasLostNetworks(container) ? [reconnect(container)] : []), sh`docker start ${name}`];
  const facets = {
    about: name,
    evidence: [status],
    remedies: [
      untried(
        'docker',
        start.length === 1 ? 'start it' : 'reconnect the network a failed start removed, and start it',
        ...start,
      ),
      advise(`see why it exited: docker logs --tail 50 ${name}`),
    ],
    impairs: [name],
  };
  if (state === 'restarting')
    return [
      (isNamed ? fail : warn)('container-restarting', `${name} keeps exiting and being restarted`, {
        ...facets,
        remedies: [advise(`see why: docker logs --tail 50 ${name}`)],
      }),
    ];
  const taken = requestedPorts.find(({ hostPort, proto }) => isTaken(hostPort, proto, facts));
  if (isNamed && taken !== undefined) return [conflict(name, taken, start, facets)];
  return isNamed
    ? [
        fail('container-stopped', `${name} does not run`, {
          ...facets,
          meaning: 'it has no network at all until it is started',
        }),
      ]
    : [];
}

/** Whether a program of this host listens where a port would be published. */
const isTaken = (hostPort: number | undefined, proto: string, { listeners }: Facts): boolean =>
  listeners.some((one) => one.port === hostPort && one.proto === proto);

function conflict(
  name: string,
  { hostPort = 0, proto }: PortBinding,
  start: readonly string[],
  facets: {
    readonly about: string;
    readonly evidence: readonly string[];
    readonly impairs: readonly string[];
  },
): Check {
  const port = `${String(hostPort)}/${proto}`;
  return fail(
    'port-conflict',
    `${name} does not run: port ${port} of this host, which it publishes, is taken`,
    {
      ...facets,
      meaning: 'it cannot be started before that port is free',
      remedies: [
        advise(
          `see who has it: ss -lnp 'sport = :${String(hostPort)}'; end that, or publish another port, then: ${start.join(' && ')}`,
        ),
      ],
    },
  );
}
