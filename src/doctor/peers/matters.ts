import type { Check, CheckSection, Diagnosis } from '../diagnosis.ts';
import { judgeServiceOf } from '../checks/container/service.ts';
import type { CheckCode } from '../codes.ts';
import type { Facts } from '../facts/facts.ts';
import type { Followed } from '../paths/follow.ts';
import type { PeerCause, PeerHost } from './peer.ts';

/** What is wrong with a host and does not stop this packet is no cause of it: what was read of rules and settings is in its path already. */
const IN_THE_PATH: ReadonlySet<CheckSection> = new Set(['docker', 'host', 'rules']);
/** But for what no path shows. */
const BESIDE_THE_PATH: ReadonlySet<CheckCode> = new Set(['conntrack-full', 'mtu-black-hole']);
/** Of all ports a container publishes; the one that is asked is judged by itself. */
const OF_SERVICES: ReadonlySet<CheckCode> = new Set([
  'nothing-listens',
  'loopback-only',
  'listens-elsewhere',
]);
/** Whether an answer gets home without it is followed. */
const FOLLOWED: ReadonlySet<CheckCode> = new Set(['masquerade-off']);

const isThrough = ({ outcome }: Followed): boolean => outcome.is === 'reached' || outcome.is === 'detour';

/** Whether a failed check of one host has to do with the packets that were followed there. */
function matters({ code, section }: Check, passes: boolean): boolean {
  if (OF_SERVICES.has(code)) return false;
  return !passes || BESIDE_THE_PATH.has(code) || !(IN_THE_PATH.has(section) || FOLLOWED.has(code));
}

/**
 * The causes on one of both hosts; where it has none, what could not be judged there.
 *
 * @param followed - the packets that passed it, there and back
 */
export function hostCauses(
  place: 'asking' | 'asked',
  { about: { host }, facts }: PeerHost,
  { causes, checks, verdict }: Diagnosis,
  followed: readonly Followed[],
): readonly PeerCause[] {
  const served = place === 'asked' ? followed.slice(0, 1).flatMap((one) => servedBy(one, facts)) : [];
  const passes = followed.length > 0 && followed.every(isThrough);
  const failed = [...causes.filter((check) => matters(check, passes)), ...served];
  const isDark = verdict === 'unknown' || followed.some(({ outcome }) => outcome.is === 'unknown');
  const dark = isDark ? checks.filter((check) => check.verdict === 'unknown') : [];
  return [...failed, ...(failed.length > 0 ? [] : dark)].map((check) => ({ place, host, check }));
}

/** Whether something listens behind the port that is asked. */
function servedBy({ request: { goal, packet, subjects } }: Followed, facts: Facts): readonly Check[] {
  if (goal.to !== 'container') return [];
  const published = facts.ports.find(
    ({ container, port, proto }) =>
      container === subjects[0] && port === goal.port && proto === packet.protocol,
  );
  return published === undefined ? [] : judgeServiceOf(published, facts);
}
