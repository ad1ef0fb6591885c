import { isBroken, type Finding } from '../../reconcile/finding.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import type { Family } from '../../net/family.ts';
import { printable } from '../text.ts';
import { effectWords } from './words.ts';
import type { CheckEffect } from '../../reconcile/verdict/effect.ts';
import type { HostVerdict } from '../../reconcile/verdict/verdict.ts';

/** What `check --json` is made of. */
export interface CheckFacts {
  /** Docker's firewall backend, in the Engine's words; null when no Engine answered. */
  readonly firewallBackend: string | null;
  readonly variant: Variant;
  /** Null when there was none, or with `--source engine`. */
  readonly baseline: { readonly id: string; readonly created: string; readonly digest: string } | null;
  /** Null when no Engine answered. */
  readonly engine: { readonly version: string } | null;
  readonly rules: number;
  readonly policyUnknown?: readonly Family[] | undefined;
  readonly verdict: HostVerdict;
  readonly findings: readonly Finding[];
  /** Commands that were tried in memory and repair an effect, by its id. */
  readonly removals: ReadonlyMap<string, string>;
  /** A change that should have been rolled back or cannot be read, in one line; undefined when there is none. */
  readonly unsettled?: string | undefined;
}

/** The document of `check --json`; schemas/report.schema.json describes it. */
export function checkJson(facts: CheckFacts): unknown {
  const { firewallBackend, variant, baseline, engine, rules, verdict, findings, removals, unsettled } = facts;
  const { state, effects, accepted, cells, unjudged, unread, unasked } = verdict;
  return {
    $schema: 'https://rulesguard.dev/schemas/report.schema.json',
    version: 1,
    state,
    firewallBackend,
    variant,
    baseline,
    engine,
    summary: { ...severityCounts(effects), rules },
    packets:
      cells === undefined ? { judged: false, why: printable(unjudged ?? '') } : { judged: true, cells },
    effects: effects.map((effect) => effectJson(effect, removals.get(effect.id))),
    accepted: accepted.map(({ headline, reason, ...part }) => ({
      ...part,
      headline: printable(headline),
      reason: printable(reason),
    })),
    unread: unread.map(({ what, why, hint }) => ({
      what,
      why: printable(why),
      ...(hint === undefined ? {} : { hint: printable(hint) }),
    })),
    policyUnknown: facts.policyUnknown ?? [],
    unasked: unasked.map(({ what, names }) => ({ what, names: names.map(printable) })),
    findings: findings.map((finding) => ({ ...finding, damage: isBroken(finding) })),
    ...(unsettled === undefined ? {} : { unsettled }),
  };
}

/** How many effects of each severity there are: a degraded way is an outage. */
export function severityCounts(effects: readonly CheckEffect[]) {
  const counts = { exposure: 0, outage: 0, notice: 0, unknown: 0 };
  for (const { effect } of effects) counts[effect === 'degraded' ? 'outage' : effect]++;
  return counts;
}

function effectJson(found: CheckEffect, removal: string | undefined): unknown {
  const { id, effect, cause, cells, remedy, expired } = found;
  const { headline, names, reasons } = effectWords(found);
  const command = removal ?? remedy;
  return {
    id: id === '' ? null : id,
    effect,
    cause,
    headline: printable(headline),
    names: names.map(printable),
    reasons: reasons.map(printable),
    cells,
    ...(command === undefined ? {} : { remedy: printable(command) }),
    ...(expired === undefined
      ? {}
      : { expired: { until: expired.until, reason: printable(expired.reason) } }),
  };
}
