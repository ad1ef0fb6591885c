import { hostPort } from '../../net/address.ts';
import { checksOf } from '../checks/check.ts';
import type { Check } from '../diagnosis.ts';
import type { ContainerFacts } from '../facts/facts.ts';
import { insideOf, isOwnAddress, isRunning } from '../lookup.ts';
import type { Followed } from '../paths/follow.ts';
import { factsCommand } from '../recorded/facts-command.ts';
import { advise } from '../remedies/proposal.ts';
import { isListed, unlisted } from '../target/listed.ts';
import { publishedAt } from './arriving.ts';
import { asideCheck, containersAside, unlistedWords } from './aside.ts';
import type { PeerSender } from './asker.ts';
import type { PeerCause, PeerHost, PeerTarget } from './peer.ts';
import type { Crossing } from './wire.ts';

const { unknown } = checksOf('path');

/** Why nothing that somebody asks is followed; undefined where his own host's diagnosis says it. */
export function unaskedBy(sender: PeerSender, { facts }: PeerHost): Check | undefined {
  if (sender.is === 'host') return undefined;
  const [name] = sender.names;
  if (!isListed(facts)) return unlisted(name);
  const aside = containersAside(facts).find(({ container }) => container.name === name);
  return aside && asideCheck(aside.container, aside);
}

/** Why nothing is followed of a packet that came in; undefined where the diagnosis of its host says it. */
export function unfollowedInto(
  { packet, door }: Crossing,
  { about: { host }, facts }: PeerHost,
): Check | undefined {
  const target = `${String(packet.port)}/${packet.proto}`;
  if (!isListed(facts))
    return unknown(
      'path-unknown',
      `who publishes ${target} on ${host} is not known: ${unlistedWords(facts)}`,
      {
        about: '',
        evidence: facts.engine.answered ? [] : [facts.engine.message],
        remedies: [advise('repair the Engine first, then ask again')],
      },
    );
  const [published] = isOwnAddress(facts.netState, packet.address) ? publishedAt(packet, facts) : [];
  return published === undefined || door === undefined
    ? undefined
    : unknown(
        'path-unknown',
        `how ${host} leads ${target} from ${packet.address} to ${published.container} is not known`,
        {
          about: published.container,
          meaning: 'it is on no network that is followed, or has no address there of that family',
        },
      );
}

/** Whether no more was read of a container than doctor reads of each of many: neither its own firewall nor, if it publishes nothing, what listens. */
function isShallow(container: ContainerFacts): boolean {
  if (!isRunning(container) || container.networkMode === 'host') return false;
  const { inside } = container;
  if (inside === undefined) return true;
  const seen = insideOf(container);
  // Why one cannot be seen at all is said with its links.
  if (seen === undefined) return false;
  return seen.listeners === undefined || (seen.ownRules === undefined && seen.sysctls.size === 0);
}

/**
 * The container at one end of the way, where it was not read in depth: what its own firewall and its service do is not known then.
 *
 * @param followed - the packet that left it or came to it; undefined for none
 * @param target - what is asked there, for the container that is asked
 */
export function unreadAt(
  place: 'asking' | 'asked',
  followed: Followed | undefined,
  { about: { host }, facts }: PeerHost,
  target?: PeerTarget,
): readonly PeerCause[] {
  const [name] = followed?.request.subjects ?? [];
  const container = facts.containers.find((one) => one.name === name);
  if (container === undefined || !isShallow(container)) return [];
  const named =
    target !== undefined && isOwnAddress(facts.netState, target.address)
      ? `${hostPort(target.address, target.port)}/${target.proto}`
      : container.name;
  const check = checksOf('links').unknown(
    'container-unseen',
    `${container.name} was not read in depth: what its own firewall and its service do is not known`,
    { about: container.name, remedies: [advise(`on ${host}: ${factsCommand(named)}`)] },
  );
  return [{ place, host, check }];
}
