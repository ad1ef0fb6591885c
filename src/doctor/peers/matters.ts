import type { Family } from '../../net/family.ts';
import { isDamage } from '../../reconcile/finding.ts';
import type { Check, CheckSection, Diagnosis } from '../diagnosis.ts';
import { judgeServiceOf } from '../checks/container/service.ts';
import type { CheckCode } from '../codes.ts';
import { isUnavailable, type Facts } from '../facts/facts.ts';
import { follow, isThrough, type Followed } from '../paths/follow.ts';
import { restored } from '../remedies/change.ts';
import { isListed } from '../target/listed.ts';
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

const isUnknown = ({ outcome }: Followed): boolean => outcome.is === 'unknown';

/** The failed checks of a host that have to do with the packets that were followed there. */
function mattering(
  { causes, checks }: Diagnosis,
  followed: readonly Followed[],
  facts: Facts,
): readonly Check[] {
  const asked = causes.filter(({ code }) => !OF_SERVICES.has(code));
  const stopped = followed.find((one) => !isThrough(one) && !isUnknown(one));
  if (stopped !== undefined) return stopping(asked, checks, stopped, facts);
  // Of no packet that was followed it is known what a rule does to it; without an Engine's list it is not even known to whom it goes.
  if (followed.length === 0) return isListed(facts) ? asked.filter(({ section }) => section !== 'rules') : [];
  return asked.filter(
    ({ code, section }) => BESIDE_THE_PATH.has(code) || !(IN_THE_PATH.has(section) || FOLLOWED.has(code)),
  );
}

/** Of a packet that is stopped: what its path shows and what explains that, then what else is wrong for packets like it. */
function stopping(
  causes: readonly Check[],
  checks: readonly Check[],
  { request }: Followed,
  facts: Facts,
): readonly Check[] {
  const { family } = request.packet;
  const repaired = restored(facts);
  const isMended = repaired !== undefined && follow(request, repaired).every(isThrough);
  const explains = (check: Check): boolean =>
    check.section === 'path' ||
    (check.impairs !== undefined && (check.section !== 'rules' || repaired === undefined || isMended));
  const kept = causes.filter(
    (check) => isOfFamily(check, family) && (check.section !== 'rules' || isMended || cutsOff(family, facts)),
  );
  const first = kept.filter(explains);
  // What was explained by a fault that has nothing to do with this packet is a cause of its own.
  const path =
    first.length > 0
      ? first
      : checks.filter((check) => check.verdict === 'fail' && explains(check) && check.section === 'path');
  return [...path, ...kept.filter((check) => !explains(check))];
}

/** Whether lost rules of Docker's cut packets of a family off, rather than let more through. Where they cannot be compared nothing says otherwise. */
function cutsOff(family: Family, { drift }: Facts): boolean {
  if (isUnavailable(drift)) return true;
  const damage = drift.findings.filter(isDamage);
  return damage.length === 0 || damage.some((one) => one.family === family && one.severity === 'outage');
}

/** Settings of the kernel's are of one family, as their names say. */
const isOfFamily = ({ section, evidence, code }: Check, family: Family): boolean =>
  section !== 'host' ||
  (code === 'ipv6-disabled' ? family === 'ipv6' : !evidence.some((line) => OTHER[family].test(line)));

const OTHER = { ipv4: /\bnet[./]ipv6[./]/, ipv6: /\bnet[./]ipv4[./]/ } as const;

/**
 * The causes on one of both hosts; where it has none, what could not be judged there.
 *
 * @param followed - the packets that passed it, there and back
 */
export function hostCauses(
  place: 'asking' | 'asked',
  { about: { host }, facts }: PeerHost,
  diagnosis: Diagnosis,
  followed: readonly Followed[],
): readonly PeerCause[] {
  const { checks, verdict } = diagnosis;
  const served = place === 'asked' ? followed.slice(0, 1).flatMap((one) => servedBy(one, facts)) : [];
  const failed = [...mattering(diagnosis, followed, facts), ...served];
  const isDark = verdict === 'unknown' || followed.some(isUnknown);
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
