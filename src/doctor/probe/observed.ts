import { advise } from '../remedies/proposal.ts';
import { hostPort } from '../../net/address.ts';
import type { VariantRules } from '../../trace/network-state.ts';
import type { Check } from '../diagnosis.ts';
import { capturedOf } from './capture.ts';
import { HERE, type PlannedProbe, type ProbePacket, type ProbePlan } from './probe-plan.ts';
import type { ProbeReply, ProbeResult } from './result.ts';
import { nativeCountsOn, nativeTranslationSeen, type CountedListing } from './native-counts.ts';
import { ruleCountsOn, translationSeen } from './rule-counts.ts';

/** All that was observed while the packets were under way. */
export interface ProbeObservation {
  readonly replies: ReadonlyMap<ProbePacket, ProbeReply>;
  /** The rules with their counters; undefined where they could not be read in time. */
  readonly before: readonly VariantRules[] | undefined;
  readonly after: readonly VariantRules[] | undefined;
  /** Where Docker writes with nftables: nftables' own tables with their counters, read at the same times. */
  readonly natives?: {
    readonly before: readonly CountedListing[];
    readonly after: readonly CountedListing[];
  };
  /** What tcpdump printed; undefined where it did not capture. */
  readonly packets: string | undefined;
  /** What limits the observation, for people. */
  readonly notes: readonly string[];
}

const UNSENT: ProbeReply = { answer: 'unsent', detail: 'it was not sent' };

/**
 * What was observed of one probe.
 *
 * @param isFirst - the notes are about all probes, and shown with the first
 */
export function resultOf(probe: PlannedProbe, observed: ProbeObservation, isFirst: boolean): ProbeResult {
  const { path, packet, others, standsIn, target, gateway, doors, proxy, translation } = probe;
  const { replies, before, after, packets, natives } = observed;
  const isUnsendable = 'unavailable' in packet;
  const reply = isUnsendable
    ? { answer: UNSENT.answer, detail: packet.unavailable }
    : (replies.get(packet) ?? UNSENT);
  const isRead = before !== undefined && after !== undefined;
  return {
    from: isUnsendable ? HERE : packet.from,
    to: isUnsendable ? path.path.packet.destination : nameOf(packet),
    standsIn,
    target,
    gateway,
    ...reply,
    ruleCounts: isRead
      ? [
          ...ruleCountsOn(path, translation, before, after),
          ...(natives === undefined ? [] : nativeCountsOn(path, translation, natives.before, natives.after)),
        ]
      : undefined,
    captured: packets === undefined || isUnsendable ? undefined : capturedOf(packets, packet),
    doors,
    proxy: proxy !== undefined,
    translation: !isRead
      ? 'unknown'
      : natives === undefined
        ? translationSeen(translation, before, after)
        : nativeTranslationSeen(translation, natives.before, natives.after),
    others: others.map((other) => ({
      from: other.from,
      to: nameOf(other),
      ...(replies.get(other) ?? UNSENT),
    })),
    notes: isFirst ? observed.notes : [],
  };
}

function nameOf({ destination, port, protocol }: ProbePacket): string {
  if (protocol === 'icmp') return `${destination} (ping)`;
  return `${hostPort(destination, port)}/${protocol}`;
}

/** Paths beyond what is probed at once: not silently left out. */
export function leftOutOf({ probes, leftOut }: ProbePlan): readonly Check[] {
  if (leftOut === 0) return [];
  return [
    {
      section: 'proof',
      code: 'proof-unknown',
      about: '',
      verdict: 'warn',
      title: `${String(leftOut)} more paths were not probed: no more than ${String(probes.length)} are at once`,
      meaning: '',
      evidence: [],
      remedies: [advise('ask about one container, network or port')],
    },
  ];
}
