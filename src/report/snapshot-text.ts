import type { RuleName } from '../firewall/iptables/text/model.ts';
import type { Undecided } from '../firewall/iptables/ownership/ownership.ts';
import type { Variant } from '../firewall/iptables/text/model.ts';
import type { StoodRule } from '../reach/judge/foreign.ts';
import { SEVERITIES, type Severity } from '../reconcile/finding.ts';
import { count, place, printable, type Paint } from './text.ts';

/** What a snapshot recorded. */
export interface RecordedText {
  readonly id: string;
  /** How many of Docker's rules. */
  readonly rules: number;
  /** What holds them: a variant of iptables, with its version, or Docker's own tables of nftables. */
  readonly heldBy: { readonly variant: Variant; readonly iptables: string } | 'nftables';
  /** Version of the Engine; undefined where none answered. */
  readonly engine: string | undefined;
  /** What looked damaged, where it was recorded all the same. */
  readonly although: readonly RefusalReason[];
  /** The baseline recorded with `--force` whose missing rules are missing still, and how many; absent where none are. */
  readonly asIn?: { readonly id: string; readonly missing: number };
}

/** Why a state is not recorded. */
export interface RefusalReason {
  /** Undefined where the rules contradict each other and no Engine says what that means. */
  readonly severity: Severity | undefined;
  readonly text: string;
}

/** Reasons that are named before the rest is only counted. */
const NAMED = 5;

/**
 * Why a snapshot was refused, a line each: the worst first.
 *
 * @param shown - `all` names every reason; `some` counts them by effect and names five
 * @param command - what names every reason
 */
export function refusalLines(
  reasons: readonly RefusalReason[],
  shown: 'all' | 'some',
  command = 'rulesguard snapshot --all',
): readonly string[] {
  const sorted = [...SEVERITIES, undefined].flatMap((severity) =>
    reasons.filter((reason) => reason.severity === severity),
  );
  const lines = sorted.map(({ text }) => text);
  // One more than the limit takes no more room than the line that would count it.
  if (shown === 'all' || lines.length <= NAMED + 1) return lines;
  const counts = SEVERITIES.flatMap((severity) => {
    const number = reasons.filter((reason) => reason.severity === severity).length;
    return number === 0 ? [] : [count(number, severity)];
  });
  const others = reasons.filter(({ severity }) => severity === undefined).length;
  if (others > 0) counts.push(count(others, 'contradiction'));
  return [
    counts.join(', '),
    ...lines.slice(0, NAMED),
    `… and ${String(lines.length - NAMED)} more, listed by ${command}`,
  ];
}

/**
 * A snapshot that was recorded.
 *
 * @param shown - as {@link refusalLines}
 */
export function recordedText(
  { id, rules, heldBy, engine, although, asIn }: RecordedText,
  paint: Paint,
  shown: 'all' | 'some' = 'some',
): string {
  const about = [
    ...(heldBy === 'nftables' ? ['nftables'] : [heldBy.variant, `iptables ${heldBy.iptables}`]),
    engine === undefined ? 'Engine not asked' : `Engine ${engine}`,
  ];
  const lines = [
    `${verdict('RECORDED', paint)}  ${count(rules, 'rule')} of Docker's as baseline ${id} (${about.join(', ')})`,
    ...refusalLines(although, shown, 'rulesguard snapshot --force --all').map(
      (reason) => `  ${paint('yellow', 'recorded although')}  ${reason}`,
    ),
    ...(asIn === undefined
      ? []
      : [
          `  ${paint('yellow', 'recorded although')}  ${count(asIn.missing, 'rule')} that the Engine requires ${asIn.missing === 1 ? 'is' : 'are'} missing, as in baseline ${asIn.id} (to repair: rulesguard restore --source engine)`,
        ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A snapshot that was not needed. */
export const unchangedText = (id: string, paint: Paint): string =>
  `${verdict('UNCHANGED', paint)}  baseline ${id} says the same; nothing written\n`;

/** What a snapshot repaired before it recorded. */
export const repairedFirstText = (repaired: number, paint: Paint): string =>
  `${verdict('REPAIRED', paint)}  ${count(repaired, 'finding')}, now recording\n`;

/** A rule whose owner is not certain. */
export const undecidedText = ({ reason, rule, unreadable, ...where }: Undecided): string =>
  `${unreadable === true ? 'written by nft' : 'undecided'}, not recorded: ${place(where)}: ${printable(rule ?? '(chain)')}: ${printable(reason)}`;

/** Rules of others that decide before Docker's, and were recorded. @param ways - what they close, open, hide or leave unknown */
export function stoodText(rules: readonly StoodRule[], ways: number): string {
  const [first] = rules;
  const named = first === undefined ? '' : printable(stoodName(first));
  const more = rules.length > 1 ? ` … and ${String(rules.length - 1)} more` : '';
  return `note: ${count(rules.length, 'rule')} that ${rules.length === 1 ? 'decides' : 'decide'} ${count(ways, 'way')} before Docker's rules ${rules.length === 1 ? 'counts' : 'count'} as meant from now on: ${named}${more}`;
}

const stoodName = ({ family, table, chain, rule }: StoodRule): string =>
  family === undefined
    ? `${table} ${chain}: ${rule === '' ? 'policy drop' : rule}`
    : `${place({ family, table, chain })}: ${rule === '' ? 'policy DROP' : rule}`;

/** A rule of the user's own that could not be recorded. */
export const unrecordedText = ({ rule = '', ...where }: RuleName, why: string): string =>
  `not recorded: ${place(where)}: ${printable(rule)}: ${why}`;

/** What a state is judged by where no Engine answers. */
export const noEngineText = (why: string, baseline: string | undefined): string =>
  `note: ${why}; rulesguard relies on ${baseline === undefined ? 'the rules alone' : `baseline ${baseline} and the rules alone`}`;

const verdict = (word: string, paint: Paint): string => paint('green', paint('bold', word));
