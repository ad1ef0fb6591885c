import { sh } from '../../../shell.ts';
import { advise, untried } from '../../remedies/proposal.ts';
import { checksOf, listNames } from '../check.ts';
import type { Check } from '../../diagnosis.ts';
import type { ContainerFacts, Facts } from '../../facts/facts.ts';
import { isRunning } from '../../lookup.ts';
import { networkOf, reconnect } from './reconnect.ts';

const { ok, fail } = checksOf('container');

/** What the network mode means for everything else. */
export function judgeMode(container: ContainerFacts, facts: Facts, isNamed: boolean): readonly Check[] {
  const { name, networkMode } = container;
  const requested = (container.requestedPorts ?? []).map(
    ({ hostIp, hostPort, port, proto }) =>
      `-p ${hostIp === '' ? '' : `${hostIp}:`}${hostPort === undefined ? '' : `${String(hostPort)}:`}${String(port)}/${proto}`,
  );
  const about = { about: name };
  if (networkMode === 'host') {
    const first = container.requestedPorts?.[0];
    if (first !== undefined)
      return [
        fail('host-mode', `${name} uses the host's own network: its published ports are ignored`, {
          ...about,
          meaning: `its service is reached at the host's port ${String(first.port)}, nothing translates ${String(first.hostPort ?? first.port)}`,
          evidence: ['network mode host', ...requested],
          remedies: [
            advise(`use port ${String(first.port)} of the host, or run ${name} again without --network host`),
          ],
          impairs: [name],
        }),
      ];
    return isNamed
      ? [
          ok(
            'host-mode',
            `${name} uses the host's own network: no bridge, no veth, no translation; its ports are the host's`,
            about,
          ),
        ]
      : [];
  }
  if (networkMode === 'none')
    return isNamed
      ? [
          fail('no-network', `${name} was started without a network (--network none)`, {
            ...about,
            meaning: 'it reaches nothing and nothing reaches it',
            evidence: ['network mode none'],
            remedies: [
              untried(
                'docker',
                'connect it to one: containers there reach it, and it them',
                sh`docker network disconnect none ${name}`,
                sh`docker network connect bridge ${name}`,
              ),
            ],
            impairs: [name],
          }),
        ]
      : [];
  if (networkMode.startsWith('container:')) return judgeShared(container, facts, isNamed);
  if (container.attachments.length === 0) return [unplugged(container)];
  return judgeInternal(container, facts, requested, isNamed);
}

function judgeShared(
  { name, networkMode }: ContainerFacts,
  { containers }: Facts,
  isNamed: boolean,
): readonly Check[] {
  const id = networkMode.slice('container:'.length);
  const partner = containers.find((other) => id !== '' && (other.id.startsWith(id) || other.name === id));
  if (partner !== undefined && isRunning(partner))
    return isNamed
      ? [
          ok('shared-mode', `${name} uses the network of ${partner.name}: what holds for that holds for it`, {
            about: name,
          }),
        ]
      : [];
  const who = partner?.name ?? `a container that is gone (${id.slice(0, 12)})`;
  return [
    fail('partner-stopped', `${name} uses the network of ${who}, which does not run`, {
      about: name,
      meaning: 'that network went with it: nothing reaches either of them',
      evidence: [`network mode ${networkMode.slice(0, 'container:'.length + 12)}`],
      remedies:
        partner === undefined
          ? [advise(`run ${name} again: what it shared no longer exists`)]
          : [
              untried(
                'docker',
                'start both, the owner first',
                sh`docker start ${partner.name}`,
                sh`docker restart ${name}`,
              ),
            ],
      impairs: [name],
    }),
  ];
}

/** Ports published where nothing can be published. */
function judgeInternal(
  { name, attachments }: ContainerFacts,
  { networks }: Facts,
  requested: readonly string[],
  isNamed: boolean,
): readonly Check[] {
  const on = attachments.flatMap(({ networkId }) => networks.find(({ id }) => id === networkId) ?? []);
  if (on.length === 0 || !on.every(({ internal }) => internal)) return [];
  if (requested.length === 0 && !isNamed) return [];
  const names = listNames(on.map((network) => network.name));
  return [
    fail(
      'internal-network',
      requested.length === 0
        ? `${name} is on internal network ${names} only`
        : `${name} publishes ports, but is on internal network ${names} only`,
      {
        about: name,
        meaning: 'an internal network has no way in or out: its published ports are ignored',
        evidence: [...requested, `${names}: internal`],
        remedies: [
          untried(
            'docker',
            'give it a network with a way out: containers there reach it, and its published ports work',
            sh`docker network connect bridge ${name}`,
          ),
        ],
        impairs: [name],
      },
    ),
  ];
}

/** On no network at all, although it was not started so. */
function unplugged(container: ContainerFacts): Check {
  const { name } = container;
  return fail('container-no-network', `${name} is on no network`, {
    about: name,
    meaning: 'it reaches nothing and nothing reaches it',
    evidence: [
      `it was made for network ${networkOf(container)}`,
      'a start of it that failed before takes its networks on Engine 29; else somebody disconnected it',
    ],
    remedies: [untried('docker', 'connect it', reconnect(container))],
    impairs: [name],
  });
}
