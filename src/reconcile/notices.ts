import { eraOf } from '../docker/era.ts';
import { declaresAnything } from '../firewall/iptables/desired/declared.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { isDamage } from './finding.ts';
import type { Observation } from './observation.ts';
import type { Reference } from './reference.ts';

/** Why a verdict is based on less than it could be. */
export type Notice =
  | { readonly kind: 'baseline-unusable'; readonly why: string }
  /** What was accepted cannot be read, so that nothing is. */
  | { readonly kind: 'accepted-unusable'; readonly why: string; readonly hint: string | undefined }
  /** A network or container of which no rule is judged, written or removed. */
  | { readonly kind: 'set-aside'; readonly what: string; readonly why: string }
  /** Whether Docker's own tables of nftables are left from before could not be found out. */
  | { readonly kind: 'left-unread'; readonly why: string }
  /** Docker writes with nftables, where nothing leads to DOCKER-USER. */
  | { readonly kind: 'declared-unused' }
  /** The rules could not be compared with nft's own listing. */
  | { readonly kind: 'unverified'; readonly why: string }
  /** Nothing proves that the baseline was recorded on this host. */
  | { readonly kind: 'baseline-of-another'; readonly id: string; readonly hasEngine: boolean }
  /** Two versions of iptables may spell a rule differently: it then looks both lost and new. */
  | { readonly kind: 'other-iptables'; readonly recorded: string; readonly live: string }
  /** FORWARD is open where it may have been closed by Docker, see {@link policyUnknown}. */
  | { readonly kind: 'policy-unknown'; readonly families: readonly Family[] }
  | { readonly kind: 'engine-unavailable'; readonly why: string; readonly hint: string | undefined };

/** The notices about what an observation is based on. */
export function noticesOf(
  { source, stored, declared, noBaseline }: Reference,
  observation: Observation,
): readonly Notice[] {
  const { live, engine, own, findings } = observation;
  const notices: Notice[] = [];
  if (source === 'declared') return notices;
  if (noBaseline !== undefined && noBaseline.code !== 'RG_NO_BASELINE')
    notices.push({ kind: 'baseline-unusable', why: noBaseline.message });
  if (live.unverified !== undefined) notices.push({ kind: 'unverified', why: live.unverified });
  if (live.leftUnread !== undefined) notices.push({ kind: 'left-unread', why: live.leftUnread });
  if (engine.answered)
    for (const { what, why } of engine.inventory.setAside ?? [])
      notices.push({ kind: 'set-aside', what, why });
  const isDamaged = findings.some(isDamage);
  if (observation.tables !== undefined)
    return declaresAnything(declared) ? [...notices, { kind: 'declared-unused' }] : notices;
  if (stored !== undefined && !own)
    notices.push({ kind: 'baseline-of-another', id: stored.id, hasEngine: engine.answered });
  const recorded = stored?.baseline.iptables;
  if (isDamaged && recorded !== undefined && live.version !== undefined && live.version !== recorded)
    notices.push({ kind: 'other-iptables', recorded, live: live.version });
  if (!engine.answered && (isDamaged || engine.fault.code !== 'RG_ENGINE_ABSENT'))
    notices.push({ kind: 'engine-unavailable', why: engine.fault.message, hint: engine.fault.hint });
  const families = policyUnknown(observation);
  if (families.length > 0) notices.push({ kind: 'policy-unknown', families });
  return notices;
}

/**
 * Families whose FORWARD policy is ACCEPT where nobody knows whether it was. dockerd sets DROP unless forwarding was on before it started,
 * and no answer of the Engine's says so (docs/reference/docker-iptables.md). From 28 on its rules close what is not published by
 * themselves.
 */
export function policyUnknown({
  live,
  engine,
  intent,
  own,
}: Pick<Observation, 'live' | 'engine' | 'intent' | 'own'>): readonly Family[] {
  if (own || !engine.answered || intent === undefined) return [];
  if (eraOf(engine.inventory.version)?.policy.closesUnpublished !== false) return [];
  return FAMILIES.filter(
    (family) =>
      intent[family] !== undefined &&
      live.rules[family].tables.get('filter')?.chains.get('FORWARD')?.policy === 'ACCEPT',
  );
}
