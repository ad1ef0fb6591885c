import { Fault } from '../../fault.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import type { HostRules } from '../../firewall/iptables/text/model.ts';
import type { OtherVariant } from '../../host/sandbox/rehearse.ts';
import { isDamage, type Finding } from '../../reconcile/finding.ts';
import { impactOf, shadowsOfOther, type Impact } from '../../reconcile/impact.ts';
import { observeUntilStable } from '../observe/observe.ts';
import type { ChangeContext, ChangeHost } from './change.ts';

/** What a change did to Docker's rules, by the rules as they are now. */
export async function impactSince(host: ChangeHost, context: ChangeContext): Promise<Impact> {
  const { variant } = context.live;
  const [after, other] = await Promise.all([host.readVariant(variant), host.readOther(variant)]);
  const changed = other && { variant: other.variant, before: context.other?.rules, after: other.rules };
  const impact = impactIn(context, after.rules, changed);
  return impact.findings.length === 0 || !context.engine.answered
    ? impact
    : withoutGone(host, impact, context.stored);
}

/** A container may have stopped while the command ran: its rules are Docker's to take away, and no loss. */
async function withoutGone(
  host: ChangeHost,
  impact: Impact,
  stored: StoredBaseline | undefined,
): Promise<Impact> {
  const seen = await observeUntilStable(host, { source: 'both', stored }).catch((error: unknown) => {
    if (error instanceof Fault) return undefined;
    throw error;
  });
  if (seen === undefined) return impact;
  const keyOf = ({ family, table, chain, rule = '' }: Finding): string =>
    `${family} ${table} ${chain} ${rule}`;
  const damage = new Set(seen.findings.filter(isDamage).map(keyOf));
  // No Engine knows a policy or what the user keeps in DOCKER-USER.
  const isKept = (finding: Finding): boolean =>
    finding.kind === 'policy' || finding.kind === 'content-lost' || damage.has(keyOf(finding));
  return { ...impact, findings: impact.findings.filter(isKept) };
}

/** As {@link impactOn}, with what the other variant came to hold. */
export function impactIn(context: ChangeContext, rules: HostRules, other: OtherVariant | undefined): Impact {
  const { findings, shadows } = impactOn(context, rules);
  if (other === undefined) return { findings, shadows };
  return { findings, shadows: [...shadows, ...shadowsOfOther(other.variant, other.before, other.after)] };
}

/** What becomes of Docker's rules, by the rules as they are afterwards. */
export function impactOn({ before, surroundings, engine }: ChangeContext, after: HostRules): Impact {
  return impactOf(before, after, surroundings, engine.answered);
}
