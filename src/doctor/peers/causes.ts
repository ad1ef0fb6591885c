import type { CheckSection, Diagnosis } from '../diagnosis.ts';
import { linkInside, membersOf } from '../lookup.ts';
import type { Followed } from '../paths/follow.ts';
import { isAnswered } from './arriving.ts';
import { hostCauses } from './matters.ts';
import { judgeIgnoredPort } from './modes/ignored-port.ts';
import type { PastRules } from './modes/past-rules.ts';
import type { PeerCause, PeerTarget } from './peer.ts';
import { unfollowedInto, unreadAt } from './unfollowed.ts';
import type { BothHosts, PeerWay } from './way.ts';
import { elsewhere, keptHere, keptThere } from './whose-address.ts';
import { isForCarrier, judgeWireDown } from './wire-down.ts';
import { judgeCarried, judgeSegment, judgeWireMtu, type Crossing } from './wire.ts';

/** All that both hosts and the wire are judged by. */
interface PeersBasis extends BothHosts {
  readonly target: PeerTarget;
  readonly past: PastRules | undefined;
  readonly diagnoses: { readonly asking: Diagnosis; readonly asked: Diagnosis };
}

/** In the order the packets meet them. */
export function causesOn(
  { out, there, into, back, home }: PeerWay,
  { target, past, asking, asked, diagnoses }: PeersBasis,
): readonly PeerCause[] {
  const passed = [out, home].filter((one) => one !== undefined);
  const kept = keptHere(target, out, asking, asked);
  const lacking = there === undefined ? [] : keptThere(there.packet.source, asking, asked);
  // What else fails of a packet that is kept in a network of its own host follows from that.
  const found = kept.length > 0 ? kept : hostCauses('asking', asking, diagnoses.asking, passed);
  const onAsking = past?.causes ?? [
    ...found.filter(({ check }) => lacking.length === 0 || check.code !== 'masquerade-off'),
    ...unreadAt('asking', out, asking),
  ];
  if (!isAnswered(target.address, asked.facts)) {
    const nobodys = elsewhere(target, asked);
    return kept.length > 0 && nobodys.check.verdict === 'fail' ? [nobodys] : [...onAsking, nobodys];
  }
  const down = there === undefined ? [] : judgeWireDown(there);
  // What it leads to on either host is no cause of its own.
  if (there !== undefined && down.length > 0) return isForCarrier(out, there) ? down : [...onAsking, ...down];
  const onAsked = intoCauses(there, into, { target, asked, diagnoses }).filter(
    ({ check }) => lacking.length === 0 || !(OF_PATHS.has(check.section) && isPassed(into[0])),
  );
  if (kept.length > 0) return [...onAsking, ...(there?.packet.isSeen === false ? onAsked : [])];
  const largest = largestOf(out, into[0], { asking, asked });
  const shared = there === undefined ? [] : judgeSegment(there);
  // Whoever has the same address takes packets of the other for forged ones: what follows of that is no cause of its own.
  if (shared.length > 0) return [...onAsking, ...shared];
  return [
    ...onAsking,
    ...(there?.packet.isSeen === true ? judgeCarried(there, 'there') : []),
    ...(there === undefined ? [] : judgeWireMtu(there, largest)),
    ...onAsked,
    ...lacking,
    ...(back === undefined || there?.packet.isSeen !== true ? [] : judgeCarried(back, 'back')),
    ...(back === undefined ? [] : judgeWireMtu(back, largest)),
  ];
}

/** What is judged of packets as they were followed. */
const OF_PATHS: ReadonlySet<CheckSection> = new Set(['path', 'host', 'rules']);

/** Whether a question gets where it should but for its source: what fails of it, or of its answer, follows from where that is looked for. */
function isPassed(question: Followed | undefined): boolean {
  const end = question?.path.end;
  return (
    end?.at === 'sent' ||
    end?.at === 'local' ||
    (end?.at === 'lost' && ['rp-filter', 'martian'].includes(end.why))
  );
}

/** What is wrong, or not known, of what comes into the host that is asked. */
function intoCauses(
  there: Crossing | undefined,
  into: readonly Followed[],
  { target, asked, diagnoses }: Pick<PeersBasis, 'target' | 'asked' | 'diagnoses'>,
): readonly PeerCause[] {
  const ignored = there === undefined ? [] : judgeIgnoredPort(target, asked);
  if (ignored.length > 0) return ignored;
  const found = hostCauses('asked', asked, diagnoses.asked, into);
  const isFailed = found.some(({ check }) => check.verdict === 'fail');
  // Why nothing came so far is said of the host that asks.
  if (there === undefined) return isFailed ? found : [];
  const check = into.length > 0 || isFailed ? undefined : unfollowedInto(there, asked);
  if (check !== undefined) return [{ place: 'asked', host: asked.about.host, check }];
  return [...found, ...unreadAt('asked', into[0], asked, target)];
}

/** Bytes of the largest packet that both ends of a connection agree on: each end tells what its own interface takes. */
function largestOf(
  out: Followed | undefined,
  into: Followed | undefined,
  { asking, asked }: Pick<PeersBasis, 'asking' | 'asked'>,
): number {
  const ends = [
    [out, asking.facts],
    [into, asked.facts],
  ] as const;
  const sizes = ends.flatMap(([followed, facts]) => {
    const [name] = followed?.request.subjects ?? [];
    const inside = membersOf(facts).find(({ container }) => container.name === name);
    return (inside && linkInside(inside)?.mtu) ?? [];
  });
  return Math.min(...sizes, USUAL_MTU);
}

/** Of Ethernet. A host's own programs take the interface's. */
const USUAL_MTU = 1500;
