import type { HostRules } from '../firewall/iptables/text/model.ts';
import { printRuleset } from '../firewall/iptables/text/print.ts';
import type { Finding } from '../reconcile/finding.ts';
import { isBreaking, type Impact, type Shadow } from '../reconcile/impact.ts';
import { bySeverity, tallyText } from './check-text.ts';
import { count, place, printable, shortRule, type Paint } from './text.ts';

/** How a forecast came about, for people. */
const BY = { memory: 'computed', rehearsal: 'rehearsed in a sandbox' } as const;

/** What a forecast is printed with. */
export interface ForecastHead {
  /** The command, as typed. */
  readonly command: string;
  readonly by: keyof typeof BY | undefined;
  /** Docker's rules there are now. */
  readonly rules: number;
}

/**
 * What a change would do, for people: verdict first, then what it means.
 *
 * @param shown - `all` prints every finding, `some` stops after 40 of a severity and says so
 */
export function forecastText(
  impact: Impact,
  head: ForecastHead,
  paint: Paint,
  shown: 'all' | 'some',
): string {
  const how = head.by === undefined ? '' : ` (${BY[head.by]})`;
  const verdict = isBreaking(impact)
    ? `${paint('red', paint('bold', 'WOULD BREAK'))}  ${printable(head.command)}: ${sumOf(impact)} in Docker's rules${how}`
    : `${paint('green', paint('bold', 'SAFE'))}  ${printable(head.command)} leaves ${count(head.rules, 'rule')} of Docker's as they are${how}`;
  return `${[verdict, ...impactLines(impact, paint, shown)].join('\n')}\n`;
}

/** What a change did, for people, when it has been made already. */
export function impactText(impact: Impact, command: string, paint: Paint, shown: 'all' | 'some'): string {
  const verdict = `${paint('red', paint('bold', 'DAMAGED'))}  ${printable(command)} broke Docker's rules: ${sumOf(impact)}`;
  return `${[verdict, ...impactLines(impact, paint, shown)].join('\n')}\n`;
}

function impactLines({ findings, shadows }: Impact, paint: Paint, shown: 'all' | 'some'): readonly string[] {
  return [...bySeverity(findings, paint, shown), ...shadowLines(shadows, paint)];
}

function sumOf({ findings, shadows }: Impact): string {
  const total = shadows.filter((shadow) => shadow.total).length;
  return [
    ...(findings.length === 0 ? [] : [tallyText(findings)]),
    ...(total === 0 ? [] : [`${count(total, 'rule')} in front of them that stops every packet`]),
  ].join(', ');
}

function shadowLines(shadows: readonly Shadow[], paint: Paint): readonly string[] {
  if (shadows.length === 0) return [];
  return [
    '',
    paint('yellow', paint('bold', "IN FRONT OF DOCKER'S RULES")),
    ...shadows.flatMap((shadow) => [
      `  ${paint('bold', place(shadow))}${shadow.variant === undefined ? '' : `  in iptables-${shadow.variant}, which is in force as well`}`,
      `    ${shortRule(shadow.rule, shadow.chain)}`,
      `      ${paint('dim', shadow.total ? 'matches every packet: Docker’s rules behind it are never reached' : 'may match packets meant for Docker’s rules behind it')}`,
    ]),
  ];
}

/** What the document of a forecast is made of. */
export interface ForecastFacts {
  readonly command: readonly string[];
  readonly verdict: 'safe' | 'would-break' | 'unknown';
  readonly by: 'memory' | 'rehearsal' | null;
  /** Why it is unknown; null otherwise. */
  readonly reason: string | null;
  readonly findings: readonly Finding[];
  readonly shadows: readonly Shadow[];
  /** The rules left behind; null where they are unknown. */
  readonly after: HostRules | null;
}

/** The document of `run --dry-run --json` and `check --candidate --json`; schemas/forecast.schema.json describes it. */
export function forecastJson({ after, ...facts }: ForecastFacts): unknown {
  return {
    $schema: 'https://rulesguard.dev/schemas/forecast.schema.json',
    version: 1,
    ...facts,
    after: after && { ipv4: printRuleset(after.ipv4), ipv6: printRuleset(after.ipv6) },
  };
}
