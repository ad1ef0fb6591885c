import { hostPort } from '../../net/address.ts';
import type { Check, Remedy } from '../../doctor/diagnosis.ts';
import type { PeerCause, PeerDiagnosis, PeersDiagnosis } from '../../doctor/peers/peer.ts';
import { count, printable } from '../text.ts';

/** What is between the hosts nobody asked. */
export const UNSEEN =
  'Both hosts let it through, there and back. If it does not arrive all the same it is lost between them:\na firewall, a route or NAT of somebody else. See whether it comes in there: tcpdump -ni any host ADDRESS';

/** `web on host-a → 192.0.2.20:8080/tcp on host-b`. */
export const subjectWords = ({ asker, target, asking, asked }: PeersDiagnosis): string =>
  printable(
    `${asker} on ${asking.about.host} → ${hostPort(target.address, target.port)}/${target.proto} on ${asked.about.host}`,
  );

/** What was found, in one line, behind the verdict's word. */
export function sumWords({ verdict, causes }: PeersDiagnosis): string {
  const [first] = causes;
  if (verdict === 'ok') return 'no fault found on either host';
  if (verdict === 'unknown')
    return causes.length === 0
      ? 'no fault found, but not all of the way could be followed'
      : `no fault found, but ${count(causes.length, 'thing')} could not be checked`;
  return `${count(causes.length, 'cause')} found, ${causes.length > 1 ? 'the first ' : ''}${first === undefined ? '' : placeWords(first)}`;
}

/** Where a cause is. */
export const placeWords = ({ host, place }: PeerCause): string =>
  place === 'between' ? `between the hosts, at ${printable(host)}` : `on ${printable(host)}`;

/** Where the first remedy does not hold the next takes its place, and some begin as an alternative does. */
export const remedyWords = ({ what }: Remedy): string => printable(what.replace(/^or /, ''));

/** What a host shows besides, which does not stop these packets. */
export function besidesOf(
  { diagnosis: { checks } }: PeerDiagnosis,
  { causes }: PeersDiagnosis,
): readonly Check[] {
  const told = new Set(causes.map(({ check }) => check));
  return checks.filter((check) => check.verdict !== 'ok' && !told.has(check));
}

/** What is said of the facts, and what a packet proved. */
export const isNote = ({ verdict, section }: Check): boolean => verdict === 'warn' || section === 'proof';
