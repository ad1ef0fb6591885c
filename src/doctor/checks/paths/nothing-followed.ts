import { isAny, isLoopback, parseBlock } from '../../../net/address.ts';
import { FAMILY_NAMES, familyOf, type Family } from '../../../net/family.ts';
import type { Check } from '../../diagnosis.ts';
import type { ContainerFacts, Facts } from '../../facts/facts.ts';
import { addressOf, insideOf, isRunning } from '../../lookup.ts';
import type { Followed } from '../../paths/follow.ts';
import type { ResolvedTarget } from '../../target/resolved.ts';
import type { Sender } from '../../target/sender.ts';
import { checksOf, listNames } from '../check.ts';
import { advise } from '../../remedies/proposal.ts';

/**
 * What is said where somebody asked about a way and there is none to follow: without a path nothing is known to be well.
 *
 * @param sender - whose path was asked about
 */
export function judgeNothingFollowed(
  { target, containers }: ResolvedTarget,
  sender: Sender,
  followed: readonly (readonly Followed[])[],
  facts: Facts,
): readonly Check[] {
  if (followed.length > 0 || (target.kind === 'host' && sender.is === 'anybody')) return [];
  const lacking = addressless(sender, target, facts);
  if (lacking !== undefined) return [lacking];
  const asked = facts.ports.filter(({ container, hostPort, proto }) =>
    target.kind === 'port' ? hostPort === target.port && proto === target.proto : containers.has(container),
  );
  const [first] = asked;
  if (sender.is === 'outside' && first !== undefined && asked.every(({ hostIp }) => isLoopback(hostIp)))
    return [
      checksOf('container').fail(
        'published-elsewhere',
        `port ${listNames([...new Set(asked.map(({ hostPort }) => String(hostPort)))], 4)} is published on ${first.hostIp} only: it cannot be reached from outside`,
        {
          about: first.container,
          meaning: 'only this host itself reaches it',
          evidence: asked.map(
            ({ hostIp, hostPort, container, port, proto }) =>
              `${hostIp}:${String(hostPort)} → ${container}:${String(port)}/${proto}`,
          ),
          remedies: [
            advise(
              `run ${first.container} again with -p ${String(first.hostPort)}:${String(first.port)}, to open it to all`,
            ),
          ],
        },
      ),
    ];
  const isPort = target.kind === 'port';
  if (sender.is === 'anybody' && (!isPort || asked.length === 0)) return [];
  return [
    checksOf('path').unknown(
      'path-unknown',
      'there is no path to follow for what was asked: nothing is known of it',
      {
        about: '',
        remedies: [advise('ask about an address and port of this host: rulesguard doctor ADDRESS:PORT')],
      },
    ),
  ];
}

/** The containers that ask have no address of the family that is asked; undefined where that is not known, or not why nothing is followed. */
function addressless(sender: Sender, target: ResolvedTarget['target'], facts: Facts): Check | undefined {
  if (sender.is !== 'containers' || (target.kind !== 'address' && target.kind !== 'port')) return undefined;
  if (parseBlock(target.address) === undefined || isAny(target.address)) return undefined;
  const family = familyOf(target.address);
  const senders = facts.containers.filter(({ name }) => sender.names.includes(name));
  const [first] = senders;
  if (first === undefined || !senders.every((one) => isWithout(family, one))) return undefined;
  const [name, other] = [FAMILY_NAMES[family], FAMILY_NAMES[family === 'ipv4' ? 'ipv6' : 'ipv4']];
  return checksOf('container').fail('no-address', `${first.name} has no ${name} address`, {
    about: first.name,
    meaning: `none of its networks has ${name}: nothing that it sends reaches ${target.address}`,
    evidence: first.attachments.map(({ ipv4, ipv6 }) => [ipv4, ipv6].filter((one) => one !== '').join(', ')),
    remedies: [
      advise(
        `ask by ${other}, or connect it to a network that has ${name}: docker network connect NETWORK ${first.name}`,
      ),
    ],
  });
}

/** Whether a container that runs has an address, but none of a family, as the Engine says and as it is inside. */
function isWithout(family: Family, container: ContainerFacts): boolean {
  const { attachments } = container;
  const inside = insideOf(container)?.links ?? [];
  return (
    isRunning(container) &&
    attachments.length > 0 &&
    attachments.every((one) => addressOf(one, family) === '') &&
    !inside.some(({ addresses }) => addresses.some((one) => one.family === family && one.scope === 'global'))
  );
}
