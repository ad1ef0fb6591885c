import { hostPort } from '../../../net/address.ts';
import { checksOf } from '../../checks/check.ts';
import { diagnose } from '../../diagnose.ts';
import { advise } from '../../remedies/proposal.ts';
import type { PeerSender } from '../asker.ts';
import type { BothHosts, FoundWay, PeersQuestion } from '../way.ts';
import type { BridgelessMeeting } from './meeting.ts';

/** The address is a container's on an overlay network that whoever asks is not on: nobody else gets there. */
export function notOnOverlay(
  { from, to }: Extract<BridgelessMeeting, { readonly by: 'nothing' }>,
  sender: PeerSender,
  { asker, target }: PeersQuestion,
  { asking, asked }: BothHosts,
): FoundWay {
  const { name } = to.network;
  const isNamesake = from?.network.name === name;
  const who = sender.is === 'host' ? asking.about.host : sender.names[0];
  const check = checksOf('wire').fail(
    'no-shared-network',
    isNamesake
      ? `${name} of ${asking.about.host} and ${name} of ${asked.about.host} are two networks`
      : `${who} is not on overlay ${name}, which ${target.address} is in`,
    {
      about: name,
      meaning: isNamesake
        ? 'the hosts are of two swarms, or one of them still has the network that was there before'
        : 'only containers on that network reach its addresses; the hosts themselves do not',
      ...(isNamesake && {
        evidence: [
          `${asking.about.host}: network id ${from.network.id}`,
          `${asked.about.host}: network id ${to.network.id}`,
        ],
      }),
      remedies: [
        advise(
          isNamesake
            ? `see which swarm each is in: docker info; then connect both containers to one network`
            : sender.is === 'host'
              ? `ask from a container on ${name}, or for a port that ${to.container.name} publishes`
              : `connect it, if the network is attachable: docker network connect ${name} ${who}; or ask for a port that ${to.container.name} publishes`,
        ),
      ],
    },
  );
  const nothing = { sender, requestsTo: () => [] };
  return {
    causes: [{ place: 'asking', host: asking.about.host, check }],
    legs: [],
    diagnoses: {
      asking: diagnose(asking.facts, {
        about: `${hostPort(target.address, target.port)}/${target.proto}`,
        from: asker,
        known: nothing,
      }),
      asked: diagnose(asked.facts, { about: to.container.name, from: '' }),
    },
    isCut: true,
    notes: [],
  };
}
