import type { Variant, Rule } from '../../firewall/iptables/text/model.ts';
import type { Facts } from '../facts/facts.ts';
import { ownerOf } from '../whose.ts';
import type { Followed } from './follow.ts';

/** A rule that a packet met, and the variant it is in. */
export interface MetRule {
  readonly rule: Rule;
  readonly variant: Variant;
}

/** The last rule of nat that a packet met and that is not Docker's. */
export function translatorOf(
  { path: { steps, packet } }: Followed,
  facts: Pick<Facts, 'owned' | 'variant'>,
): MetRule | undefined {
  const met = steps.flatMap(({ stage, rule, variant }) =>
    stage === 'nat' && rule !== undefined && variant !== undefined ? [{ rule, variant }] : [],
  );
  return met.findLast(
    ({ rule, variant }) => ownerOf(rule, 'nat', packet.family, { variant, facts }) === 'foreign',
  );
}

/** The rule that keeps a packet from connection tracking. */
export function untrackerOf({ path: { steps, last } }: Followed): MetRule | undefined {
  const met = steps.find(
    ({ stage, rule }) => stage === 'raw' && / -j (?:CT|NOTRACK)\b/.test(rule?.text ?? ''),
  );
  const { rule, variant } = met ?? {};
  return last.state === 'UNTRACKED' && rule !== undefined && variant !== undefined
    ? { rule, variant }
    : undefined;
}

/** Whether a packet was translated to another place than its goal before it was stopped. */
export function isTranslatedElsewhere({ request: { goal }, path: { packet, last } }: Followed): boolean {
  const isTranslated =
    last.destination !== packet.destination || last.destinationPort !== packet.destinationPort;
  return (
    goal.to === 'container' &&
    isTranslated &&
    (last.destination !== goal.address || last.destinationPort !== goal.port)
  );
}
