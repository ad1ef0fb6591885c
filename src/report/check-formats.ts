import { isBroken, type Finding } from '../reconcile/finding.ts';
import type { Variant } from '../firewall/iptables/text/model.ts';
import { tally } from './check-text.ts';
import { count, printable } from './text.ts';

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
  readonly findings: readonly Finding[];
  /** A change that should have been rolled back or cannot be read, in one line; undefined when there is none. */
  readonly unsettled?: string | undefined;
}

/** The document of `check --json`; schemas/report.schema.json describes it. */
export function checkJson(facts: CheckFacts): unknown {
  const { firewallBackend, variant, baseline, engine, rules, findings, unsettled } = facts;
  return {
    $schema: 'https://rulesguard.dev/schemas/report.schema.json',
    version: 1,
    state: findings.some(isBroken) ? 'damaged' : 'intact',
    firewallBackend,
    variant,
    baseline,
    engine,
    summary: { ...tally(findings), rules },
    findings: findings.map((finding) => ({ ...finding, damage: isBroken(finding) })),
    ...(unsettled === undefined ? {} : { unsettled }),
  };
}

/** Plugin states of Nagios and Icinga, which are the exit codes too. */
const PLUGIN_STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;

export interface PluginOutput {
  readonly line: string;
  readonly exit: 0 | 1 | 2 | 3;
}

/**
 * A check as a monitoring plugin prints it: one line, perfdata behind the bar.
 *
 * @param unsettled - what is critical beside the rules: a change that should have been rolled back
 */
export function checkNagios(findings: readonly Finding[], rules: number, unsettled?: string): PluginOutput {
  const damage = findings.filter(isBroken);
  const counts = tally(damage);
  const isCritical = counts.exposure + counts.outage > 0 || unsettled !== undefined;
  const exit = isCritical ? 2 : damage.length > 0 ? 1 : 0;
  const rest =
    damage.length === 0
      ? `all ${count(rules, 'rule')} of Docker's are in place`
      : `${count(counts.exposure, 'exposure')}, ${count(counts.outage, 'outage')}, ${count(counts.notice, 'notice')}: ${damage[0]?.consequence ?? ''}`;
  const text = unsettled === undefined ? rest : `${unsettled}; ${rest}`;
  const perfdata = `exposure=${String(counts.exposure)};;0;0 outage=${String(counts.outage)};;0;0 notice=${String(counts.notice)};0;;0 rules=${String(rules)};;;0`;
  return { line: `${pluginLine(exit, text)} | ${perfdata}`, exit };
}

/** One line of plugin output. The bar begins perfdata, so the text may not hold one. */
export function pluginLine(exit: PluginOutput['exit'], text: string): string {
  return `RULESGUARD ${PLUGIN_STATES[exit]} - ${printable(text.replaceAll('|', '/').replaceAll('\n', ' '))}`;
}
