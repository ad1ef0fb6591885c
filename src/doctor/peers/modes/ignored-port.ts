import { isOnParent } from '../../../docker/options.ts';
import { hostPort } from '../../../net/address.ts';
import { familyOf } from '../../../net/family.ts';
import { checksOf } from '../../checks/check.ts';
import { addressOf } from '../../lookup.ts';
import { advise } from '../../remedies/proposal.ts';
import { publishedAt } from '../arriving.ts';
import { containersAside } from '../aside.ts';
import type { PeerCause, PeerHost, PeerTarget } from '../peer.ts';

/** A port that a container on a macvlan or ipvlan network alone was to publish: there the Engine opens none. */
export function judgeIgnoredPort(
  target: PeerTarget,
  { about: { host }, facts }: PeerHost,
): readonly PeerCause[] {
  if (publishedAt(target, facts).length > 0) return [];
  return containersAside(facts)
    .flatMap(({ container, attached, network }): readonly PeerCause[] => {
      const wanted = container.requestedPorts?.find(
        (one) => one.hostPort === target.port && one.proto === target.proto,
      );
      if (wanted === undefined || !isOnParent(network.driver)) return [];
      const { name } = container;
      const own = addressOf(attached, familyOf(target.address)) || attached.ipv4 || attached.ipv6;
      const asked = `${hostPort(own, wanted.port)}/${wanted.proto}`;
      return [
        {
          ...{ place: 'asked', host },
          check: checksOf('container').fail(
            'not-published',
            `${name} is on ${network.driver} network ${network.name}, where nothing is published: -p ${String(target.port)}:${String(wanted.port)} opens no port`,
            {
              about: name,
              meaning: `its packets do not pass ${host}, so no rule and no docker-proxy there can lead to it`,
              remedies: [
                advise(`ask for ${asked}; ${host} itself does not reach it, by design of ${network.driver}`),
              ],
            },
          ),
        },
      ];
    })
    .slice(0, 1);
}
