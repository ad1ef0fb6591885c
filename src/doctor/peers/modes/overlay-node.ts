import { sh } from '../../../shell.ts';
import { checksOf } from '../../checks/check.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { isOwnAddress } from '../../lookup.ts';
import { factsCommand } from '../../recorded/facts-command.ts';
import { advise } from '../../remedies/proposal.ts';
import type { PeerHost } from '../peer.ts';
import { GOSSIP_PORT } from './tunnel.ts';

const { fail, unknown } = checksOf('wire');

/** What keeps a host from taking part in an overlay at all, or from being followed there. Empty where nothing does. */
export function judgeNode({ about: { host }, facts }: PeerHost): readonly Check[] {
  const swarm = facts.intended?.inventory.swarm;
  if (swarm === undefined)
    return [unknown('overlay-node', `what ${host} does in the swarm is not known`, { about: host })];
  if (swarm.state !== 'active')
    return [
      fail('overlay-node', `${host} is not active in a swarm: ${swarm.state || 'inactive'}`, {
        about: host,
        meaning:
          'its containers on overlay networks are cut off: nobody tells it where those of other hosts are',
        remedies: [
          advise(
            swarm.state === 'locked'
              ? `unlock it on ${host}: docker swarm unlock`
              : `see why on ${host}: docker info; then docker swarm join, with what a manager's docker swarm join-token worker says`,
          ),
        ],
      }),
    ];
  const { nodeAddress } = swarm;
  if (nodeAddress === undefined)
    return [
      unknown('overlay-node', `the address by which the swarm knows ${host} is not in its facts`, {
        about: host,
        meaning: 'they are of an older version of rulesguard, or the node does not know its own address',
        remedies: [advise(`on ${host}: ${factsCommand()}`)],
      }),
    ];
  return isOwnAddress(facts.netState, nodeAddress)
    ? []
    : [
        fail('overlay-node', `the swarm knows ${host} by ${nodeAddress}, which is no address of it`, {
          about: host,
          meaning:
            'packets of overlays for it are sent there; they arrive only if somebody between translates them',
          remedies: [
            advise(
              `give ${host} that address back, or have it leave the swarm and join again: docker swarm leave, then docker swarm join --advertise-addr`,
            ),
          ],
        }),
      ];
}

/** Which UDP port the overlays of a swarm use: only managers are told. */
export function dataPortOf(peers: readonly PeerHost[]): { readonly port: number; readonly isTold: boolean } {
  const swarms = peers.flatMap(({ facts }) => facts.intended?.inventory.swarm ?? []);
  const told = swarms.find(({ manager }) => manager);
  return { port: told?.dataPort ?? swarms[0]?.dataPort ?? 4789, isTold: told !== undefined };
}

const isTaken = ({ listeners }: Facts, proto: 'tcp' | 'udp', port: number): boolean =>
  listeners.some((one) => one.proto === proto && one.port === port);

/**
 * Whether a host takes what the other nodes send it. The kernel's own socket for VXLAN is listed as those of programs are.
 *
 * @param isTold - whether a manager said which port it is
 */
export function judgeSockets(
  { about: { host }, facts }: PeerHost,
  { port, isTold }: { readonly port: number; readonly isTold: boolean },
): readonly Check[] {
  // A host that takes part in a swarm listens on something: none at all was not read.
  if (facts.listeners.length === 0) return [];
  const restart = advise(
    `restart Docker on ${host}, which sets its overlays up again: systemctl restart docker`,
  );
  const tunnel = `${String(port)}/udp`;
  const closed: readonly Check[] = isTaken(facts, 'udp', port)
    ? []
    : isTold
      ? [
          fail('overlay-closed', `nothing on ${host} takes packets of overlays: no socket for ${tunnel}`, {
            about: tunnel,
            meaning: 'the kernel has one for each interface of VXLAN: that of this overlay is gone',
            remedies: [restart],
          }),
        ]
      : [
          unknown(
            'overlay-closed',
            `cannot tell by which port overlays of this swarm travel: nothing on ${host} takes ${tunnel}`,
            {
              about: tunnel,
              meaning: 'neither host is a manager, and only those are told',
              remedies: [
                advise(
                  "on a manager: docker info --format '{{.Swarm.Cluster.DataPathPort}}'; ask with the facts of a manager",
                ),
              ],
            },
          ),
        ];
  const silent = (['tcp', 'udp'] as const).filter((proto) => !isTaken(facts, proto, GOSSIP_PORT));
  return silent.length === 0
    ? closed
    : [
        ...closed,
        fail(
          'overlay-closed',
          `dockerd of ${host} does not listen on ${String(GOSSIP_PORT)}/${silent.join(' and ')}`,
          {
            about: String(GOSSIP_PORT),
            meaning: 'nodes tell each other there where containers are',
            evidence: [sh`see who does: ss -lntup`],
            remedies: [restart],
          },
        ),
      ];
}
