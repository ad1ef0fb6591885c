import { sh } from '../shell.ts';
import { advise, checksOf, type } from './check.ts';
import type { Check } from './diagnosis.ts';
import type { ContainerFacts, Facts, WantedPort } from './facts.ts';

const { warn, fail } = checksOf('container');

/** A container that does not run: of those alone it matters that were asked about. */
export function judgeStopped(
  { name, state, status, wanted = [] }: ContainerFacts,
  isAsked: boolean,
  facts: Facts,
): readonly Check[] {
  const facets = {
    about: name,
    evidence: [status],
    remedies: [
      type('start it', sh`docker start ${name}`),
      advise(`see why it ended: docker logs --tail 50 ${name}`),
    ],
    impairs: [name],
  };
  if (state === 'restarting')
    return [
      (isAsked ? fail : warn)('container-restarting', `${name} keeps ending and being restarted`, {
        ...facets,
        remedies: [advise(`see why: docker logs --tail 50 ${name}`)],
      }),
    ];
  const taken = wanted.find(({ hostPort, proto }) => isTaken(hostPort, proto, facts));
  if (isAsked && taken !== undefined) return [conflict(name, taken, facets)];
  return isAsked
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
  { hostPort = 0, proto }: WantedPort,
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
          `see who has it: ss -lnp 'sport = :${String(hostPort)}'; end that, or publish another port, then: docker start ${name}`,
        ),
      ],
    },
  );
}
