import { isLoopback } from '../../../net/address.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
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
  { ports }: Facts,
): readonly Check[] {
  if (followed.length > 0 || (target.kind === 'host' && sender.is === 'anybody')) return [];
  const asked = ports.filter(({ container, hostPort, proto }) =>
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
