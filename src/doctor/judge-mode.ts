import { sh } from '../shell.ts';
import { advise, checksOf, listNames, type } from './check.ts';
import type { Check } from './diagnosis.ts';
import type { ContainerFacts, Facts } from './facts.ts';
import { isRunning } from './lookup.ts';

const { ok, fail } = checksOf('container');

/** What the network mode means for everything else. */
export function judgeMode(container: ContainerFacts, facts: Facts, isAsked: boolean): readonly Check[] {
  const { name, networkMode } = container;
  const wanted = (container.wanted ?? []).map(
    ({ hostIp, hostPort, port, proto }) =>
      `-p ${hostIp === '' ? '' : `${hostIp}:`}${hostPort === undefined ? '' : `${String(hostPort)}:`}${String(port)}/${proto}`,
  );
  const about = { about: name };
  if (networkMode === 'host') {
    const first = container.wanted?.[0];
    if (first !== undefined)
      return [
        fail('host-mode', `${name} uses the host's own network: its published ports are ignored`, {
          ...about,
          meaning: `its service is reached at the host's port ${String(first.port)}, nothing translates ${String(first.hostPort ?? first.port)}`,
          evidence: ['network mode host', ...wanted],
          remedies: [
            advise(`use port ${String(first.port)} of the host, or run ${name} again without --network host`),
          ],
          impairs: [name],
        }),
      ];
    return isAsked
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
    return isAsked
      ? [
          fail('no-network', `${name} was started without a network (--network none)`, {
            ...about,
            meaning: 'it reaches nothing and nothing reaches it',
            evidence: ['network mode none'],
            remedies: [
              type(
                'give it one',
                sh`docker network disconnect none ${name}`,
                sh`docker network connect bridge ${name}`,
              ),
            ],
            impairs: [name],
          }),
        ]
      : [];
  if (networkMode.startsWith('container:')) return judgeShared(container, facts, isAsked);
  if (container.attachments.length === 0) return [unplugged(container)];
  return judgeInternal(container, facts, wanted, isAsked);
}

function judgeShared(
  { name, networkMode }: ContainerFacts,
  { containers }: Facts,
  isAsked: boolean,
): readonly Check[] {
  const id = networkMode.slice('container:'.length);
  const partner = containers.find((other) => id !== '' && (other.id.startsWith(id) || other.name === id));
  if (partner !== undefined && isRunning(partner))
    return isAsked
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
          ? [advise(`run ${name} again: what it shared is gone for good`)]
          : [
              type(
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
  wanted: readonly string[],
  isAsked: boolean,
): readonly Check[] {
  const on = attachments.flatMap(({ networkId }) => networks.find(({ id }) => id === networkId) ?? []);
  if (on.length === 0 || !on.every(({ internal }) => internal)) return [];
  if (wanted.length === 0 && !isAsked) return [];
  const names = listNames(on.map((network) => network.name));
  return [
    fail(
      'internal-network',
      wanted.length === 0
        ? `${name} is on internal network ${names} only`
        : `${name} publishes ports, but is on internal network ${names} only`,
      {
        about: name,
        meaning: 'an internal network has no way in or out: its published ports are ignored',
        evidence: [...wanted, `${names}: internal`],
        remedies: [type('give it a network with a way out', sh`docker network connect bridge ${name}`)],
        impairs: [name],
      },
    ),
  ];
}

/** On no network at all, although it was not started so. */
function unplugged({ name, networkMode }: ContainerFacts): Check {
  const network = networkMode === 'default' ? 'bridge' : networkMode;
  return fail('container-no-network', `${name} is on no network`, {
    about: name,
    meaning: 'it reaches nothing and nothing reaches it',
    evidence: [`it was started on ${network}`],
    remedies: [type('connect it', sh`docker network connect ${network} ${name}`)],
    impairs: [name],
  });
}
