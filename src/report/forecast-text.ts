import type { HostRules } from '../docker/ownership.ts';
import { printRuleset } from '../iptables/print.ts';
import type { Finding } from '../guard/finding.ts';
import { isHurt, type Harm, type Shadow } from '../guard/harm.ts';
import { bySeverity, tallyText } from './check-text.ts';
import { count, place, printable, shortRule, type Paint } from './text.ts';

/** How a forecast came about, for people. */
const BY = { memory: 'computed', rehearsal: 'rehearsed in a scratch world' } as const;

/** What a forecast is told with. */
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
export function forecastText(harm: Harm, head: ForecastHead, paint: Paint, shown: 'all' | 'some'): string {
  const how = head.by === undefined ? '' : ` (${BY[head.by]})`;
  const verdict = isHurt(harm)
    ? `${paint('red', paint('bold', 'HURTS'))}  ${printable(head.command)} would break Docker's rules: ${sumOf(harm)}${how}`
    : `${paint('green', paint('bold', 'SAFE'))}  ${printable(head.command)} leaves ${count(head.rules, 'rule')} of Docker's as they are${how}`;
  return `${[verdict, ...harmLines(harm, paint, shown)].join('\n')}\n`;
}

/** What a change did, for people, when it has been made already. */
export function harmText(harm: Harm, command: string, paint: Paint, shown: 'all' | 'some'): string {
  const verdict = `${paint('red', paint('bold', 'HURT'))}  ${printable(command)} broke Docker's rules: ${sumOf(harm)}`;
  return `${[verdict, ...harmLines(harm, paint, shown)].join('\n')}\n`;
}

function harmLines({ findings, shadows }: Harm, paint: Paint, shown: 'all' | 'some'): readonly string[] {
  return [...bySeverity(findings, paint, shown), ...shadowLines(shadows, paint)];
}

function sumOf({ findings, shadows }: Harm): string {
  const total = shadows.filter((shadow) => shadow.total).length;
  return [
    ...(findings.length === 0 ? [] : [tallyText(findings)]),
    ...(total === 0 ? [] : [`${count(total, 'rule')} in front of them that leaves them no packet`]),
  ].join(', ');
}

function shadowLines(shadows: readonly Shadow[], paint: Paint): readonly string[] {
  if (shadows.length === 0) return [];
  return [
    '',
    paint('yellow', paint('bold', "IN FRONT OF DOCKER'S RULES")),
    ...shadows.flatMap((shadow) => [
      `  ${paint('bold', place(shadow))}${shadow.backend === undefined ? '' : `  in the ${shadow.backend} backend, which is in force as well`}`,
      `    ${shortRule(shadow.rule, shadow.chain)}`,
      `      ${paint('dim', shadow.total ? 'takes every packet: Docker’s rules behind it are never asked' : 'may take packets that Docker’s rules behind it are for')}`,
    ]),
  ];
}

/** What the document of a forecast is made of. */
export interface ForecastFacts {
  readonly command: readonly string[];
  readonly verdict: 'safe' | 'hurts' | 'unknown';
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
