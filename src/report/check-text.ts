import type { Backend } from '../iptables/model.ts';
import { isDamage, SEVERITIES, type Finding, type Severity } from '../guard/finding.ts';
import { age, count, place, printable, shortRule, type Paint } from './text.ts';

/** What a check is told with, beside its findings. */
export interface CheckHead {
  readonly baseline: { readonly id: string; readonly ageSeconds: number } | undefined;
  /** Version of the Engine that was asked; undefined when none answered. */
  readonly engine: string | undefined;
  readonly backend: Backend;
  readonly rules: number;
}

/** How many findings of each severity there are. */
export function tally(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const counts = { exposure: 0, outage: 0, notice: 0 };
  for (const { severity } of findings) counts[severity]++;
  return counts;
}

const COLOURS = { exposure: 'red', outage: 'red', notice: 'yellow' } as const;
const HEADINGS = {
  exposure: 'EXPOSURE  protection is lost',
  outage: 'OUTAGE  traffic is lost',
  notice: 'NOTICE',
} as const;

/** Rows of one severity that are printed before the rest is only counted. */
const SHOWN = 40;

/**
 * A check for people: verdict first, then the findings by severity with one line of consequence each, then the next
 * command to type.
 *
 * @param shown - `all` prints every finding, `some` stops after 40 of a severity and says so
 */
export function checkText(
  findings: readonly Finding[],
  head: CheckHead,
  paint: Paint,
  shown: 'all' | 'some',
): string {
  const damaged = findings.some(isDamage);
  const lines = [verdictLine(findings, head, paint), ...bySeverity(findings, paint, shown)];
  if (damaged) {
    const policyOnly = findings.filter(isDamage).every(({ kind }) => kind === 'policy');
    const command = policyOnly ? 'rulesguard restore --policies' : 'rulesguard restore';
    lines.push(
      '',
      `Next: ${paint('bold', `${command} --dry-run`)} shows the repair, ${paint('bold', command)} does it.`,
    );
  }
  if (!damaged && findings.some(({ kind }) => kind === 'stale'))
    lines.push(
      '',
      `The baseline has aged. To record the present state: ${paint('bold', 'rulesguard snapshot')}`,
    );
  return `${lines.join('\n')}\n`;
}

/**
 * Findings under a heading for each severity, the worst first.
 *
 * @param shown - as {@link checkText}
 */
export function bySeverity(
  findings: readonly Finding[],
  paint: Paint,
  shown: 'all' | 'some',
): readonly string[] {
  return SEVERITIES.flatMap((severity) => {
    const rows = findings.filter((finding) => finding.severity === severity);
    if (rows.length === 0) return [];
    const limit = shown === 'all' ? rows.length : SHOWN;
    const more = paint('dim', `  … and ${String(rows.length - limit)} more, shown with --all`);
    return [
      '',
      paint(COLOURS[severity], paint('bold', HEADINGS[severity])),
      ...rowsOf(rows.slice(0, limit), paint),
      ...(rows.length > limit ? [more] : []),
    ];
  });
}

/** `7 outages, 2 notices`: how many of each severity, the worst first. */
export function tallyText(findings: readonly Finding[]): string {
  const counts = tally(findings);
  return SEVERITIES.filter((severity) => counts[severity] > 0)
    .map((severity) => count(counts[severity], severity))
    .join(', ');
}

function verdictLine(findings: readonly Finding[], head: CheckHead, paint: Paint): string {
  const about = [
    head.baseline === undefined
      ? 'no baseline'
      : `baseline ${head.baseline.id}, ${age(head.baseline.ageSeconds)} old`,
    head.engine === undefined ? 'Engine not asked' : `Engine ${head.engine}`,
    head.backend,
  ].join(', ');
  if (!findings.some(isDamage))
    return `${paint('green', paint('bold', 'INTACT'))}  all ${count(head.rules, 'rule')} of Docker's are in place (${about})`;
  return `${paint('red', paint('bold', 'DAMAGED'))}  ${tallyText(findings.filter(isDamage))} (${about})`;
}

/** Findings of one place and kind share a heading, so that fifty lost ports read as one loss. */
function rowsOf(findings: readonly Finding[], paint: Paint): readonly string[] {
  const lines: string[] = [];
  let heading = '';
  for (const finding of findings) {
    const next = `${place(finding)}  ${finding.kind}`;
    if (next !== heading) lines.push(`  ${paint('bold', place(finding))}  ${finding.kind}`);
    heading = next;
    if (finding.rule !== undefined) lines.push(`    ${shortRule(finding.rule, finding.chain)}`);
    lines.push(`      ${paint('dim', printable(finding.consequence))}`);
  }
  return lines;
}
