import type { Family } from '../net/family.ts';
import type { Variant } from '../firewall/iptables/text/model.ts';
import { isDamage, SEVERITIES, type Finding, type Severity } from '../reconcile/finding.ts';
import { count, place, printable, shortRule, type Paint } from './text.ts';

/** What the first line of a check says beside the counts. */
export interface CheckHead {
  readonly baseline: { readonly id: string; readonly ageSeconds: number } | undefined;
  /** Version of the Engine that was asked; undefined when none answered. */
  readonly engine: string | undefined;
  /** Docker's firewall backend, in the Engine's words; undefined when none answered. */
  readonly firewallBackend: string | undefined;
  readonly variant: Variant;
  readonly rules: number;
  /** Families of which it is not known which policy FORWARD is to have; see `policyUnknown` of `reconcile/notices.ts`. */
  readonly policyUnknown?: readonly Family[];
}

/** How many findings of each severity there are. */
function tally(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
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

/** Findings of one severity that are printed; the rest is only counted. */
const SHOWN = 40;

/** The command of ours that repairs damage; undefined where none does. */
export function repairCommand(findings: readonly Finding[]): string | undefined {
  const repairable = findings.filter((finding) => isDamage(finding) && finding.remedy === undefined);
  if (repairable.length === 0) return undefined;
  return repairable.some(({ kind }) => kind === 'policy')
    ? 'rulesguard restore --policies'
    : 'rulesguard restore';
}

/** What to type next against findings: the repair, and what repairs what it does not. */
export function nextLines(findings: readonly Finding[], paint: Paint): readonly string[] {
  const command = repairCommand(findings);
  return [
    ...(command === undefined
      ? []
      : [
          '',
          `Next: ${paint('bold', `${command} --dry-run`)} shows the repair, ${paint('bold', command)} does it.`,
        ]),
    ...remediesOf(findings, paint),
  ];
}

/** The commands that repair what restore does not, each once. */
function remediesOf(findings: readonly Finding[], paint: Paint): readonly string[] {
  const remedies = [...new Set(findings.flatMap(({ remedy }) => remedy ?? []))];
  if (remedies.length === 0) return [];
  const more = remedies.length - REMEDIES;
  return [
    '',
    ...remedies.slice(0, REMEDIES).map((remedy) => `Next: ${paint('bold', printable(remedy))}`),
    ...(more > 0 ? [paint('dim', `  … and ${String(more)} more, listed by --json`)] : []),
  ];
}

const REMEDIES = 5;

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

/** Findings of one place and kind share a heading, so that fifty lost ports read as one loss. */
export function rowsOf(findings: readonly Finding[], paint: Paint): readonly string[] {
  const lines: string[] = [];
  let heading = '';
  for (const finding of findings) {
    const where =
      finding.container === undefined ? place(finding) : `container ${printable(finding.container)}`;
    const next = `${where}  ${finding.kind}`;
    if (next !== heading) lines.push(`  ${paint('bold', where)}  ${finding.kind}`);
    heading = next;
    if (finding.rule !== undefined) lines.push(`    ${shortRule(finding.rule, finding.chain)}`);
    lines.push(`      ${paint('dim', printable(finding.consequence))}`);
  }
  return lines;
}
