import { isLoopback } from '../../../net/address.ts';
import type { Check, DoctorTarget } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Followed } from '../../paths/follow.ts';
import { advise, checksOf } from '../check.ts';

/**
 * What is said where somebody asked about a way and there is none to follow: without a path nothing is known to be well.
 *
 * @param from - whose path was asked about; '' for all of them
 */
export function judgeNothingFollowed(
  target: DoctorTarget,
  from: string,
  followed: readonly (readonly Followed[])[],
  { ports }: Facts,
): readonly Check[] {
  if (followed.length > 0 || target.kind === 'host') return [];
  const asked =
    target.kind === 'port'
      ? ports.filter(({ hostPort, proto }) => hostPort === target.port && proto === target.proto)
      : [];
  const [first] = asked;
  if (from === 'outside' && first !== undefined && asked.every(({ hostIp }) => isLoopback(hostIp)))
    return [
      checksOf('container').fail(
        'published-elsewhere',
        `port ${String(first.hostPort)} is published on ${first.hostIp} only: nobody outside reaches it`,
        {
          about: first.container,
          meaning: 'only this host itself reaches it',
          evidence: [
            `${first.hostIp}:${String(first.hostPort)} → ${first.container}:${String(first.port)}/${first.proto}`,
          ],
          remedies: [
            advise(
              `run ${first.container} again with -p ${String(first.hostPort)}:${String(first.port)}, to open it to all`,
            ),
          ],
        },
      ),
    ];
  if (from === '' && asked.length === 0) return [];
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
