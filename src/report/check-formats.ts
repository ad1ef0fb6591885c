import { isDamage, type Finding } from '../guard/finding.ts';
import type { Backend } from '../iptables/model.ts';
import { tally } from './check-text.ts';
import { count } from './text.ts';

/** What `check --json` is made of. */
export interface CheckFacts {
  readonly backend: Backend;
  /** Null when there was none, or the Engine alone was asked. */
  readonly baseline: { readonly id: string; readonly created: string; readonly digest: string } | null;
  /** Null when no Engine answered. */
  readonly engine: { readonly version: string } | null;
  readonly rules: number;
  readonly findings: readonly Finding[];
}

/** The document of `check --json`; schemas/report.schema.json describes it. */
export function checkJson({ backend, baseline, engine, rules, findings }: CheckFacts): unknown {
  return {
    $schema: 'https://rulesguard.dev/schemas/report.schema.json',
    version: 1,
    state: findings.some(isDamage) ? 'damaged' : 'intact',
    backend,
    baseline,
    engine,
    summary: { ...tally(findings), rules },
    findings: findings.map((finding) => ({ ...finding, damage: isDamage(finding) })),
  };
}

/** Plugin states of Nagios and Icinga, which are the exit codes too. */
const PLUGIN_STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;

export interface PluginOutput {
  readonly line: string;
  readonly exit: 0 | 1 | 2 | 3;
}

/** A check as a monitoring plugin says it: one line, perfdata behind the bar. */
export function checkNagios(findings: readonly Finding[], rules: number): PluginOutput {
  const damage = findings.filter(isDamage);
  const counts = tally(damage);
  const exit = counts.exposure + counts.outage > 0 ? 2 : damage.length > 0 ? 1 : 0;
  const text =
    damage.length === 0
      ? `all ${count(rules, 'rule')} of Docker's are in place`
      : `${count(counts.exposure, 'exposure')}, ${count(counts.outage, 'outage')}, ${count(counts.notice, 'notice')}: ${damage[0]?.consequence ?? ''}`;
  const perfdata = `exposure=${String(counts.exposure)};;0;0 outage=${String(counts.outage)};;0;0 notice=${String(counts.notice)};0;;0 rules=${String(rules)};;;0`;
  return { line: `${pluginLine(exit, text)} | ${perfdata}`, exit };
}

/** One line of plugin output. The bar begins perfdata, so the text may not hold one. */
export function pluginLine(exit: PluginOutput['exit'], text: string): string {
  return `RULESGUARD ${PLUGIN_STATES[exit]} - ${text.replaceAll('|', '/').replaceAll('\n', ' ')}`;
}
