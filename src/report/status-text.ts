import type { HookStatus } from '../hooks/plan.ts';
import type { WatchEvent } from '../watch/event.ts';
import type { CheckReport } from './check/report.ts';
import { checkSummary } from './check/text.ts';
import { clipped, COLUMNS } from './reach/lines.ts';
import { age, count, printable, type Paint } from './text.ts';

/** What there is to say of a host on one screen. */
export interface StatusReport {
  /** What check found, or why it could not look. */
  readonly checked: CheckReport | { readonly why: string };
  /** A change that nobody confirmed and nothing rolled back. */
  readonly unsettled: string | undefined;
  /** Process ids of the watches that run; undefined where that cannot be told. */
  readonly watches: readonly number[] | undefined;
  /** Until when watch writes nothing. */
  readonly pausedUntil: string | undefined;
  readonly hooks: readonly HookStatus[];
  /** What switched automatic writes off. */
  readonly off: string | undefined;
  /** Why a pause or the configuration cannot be read. */
  readonly unread: readonly string[];
  /** The newest baseline, or why there is none to go by. */
  readonly baseline: { readonly id: string; readonly ageSeconds: number } | { readonly why: string };
  /** What watch noted, the oldest first. */
  readonly events: readonly WatchEvent[];
  /** Why its notes cannot be read. */
  readonly eventsUnread: string | undefined;
}

/** Lines of a screen that events may take. */
const EVENTS = 5;
const HOOKS = 3;
const LABEL = 10;

/** A host on one screen of 24 lines at 80 columns: rules and packets, watch, hooks, baseline, the last events. */
export function statusText(report: StatusReport, paint: Paint): string {
  const { checked, unsettled, off, unread } = report;
  const lines = [
    ...verdictLines(checked, paint),
    ...(unsettled === undefined ? [] : [paint('red', clipped(printable(unsettled), COLUMNS))]),
    '',
    ...(off === undefined ? [] : line('off', [`automatic writes are switched off (${off})`], paint)),
    ...line(
      'off',
      unread.map((why) => `nothing is written by itself while this cannot be read: ${why}`),
      paint,
    ),
    ...line('watch', [watchWords(report)], paint),
    ...line('hooks', hookWords(report.hooks), paint),
    ...line('baseline', [baselineWords(report.baseline)], paint),
    ...line('events', eventWords(report), paint),
  ];
  return `${lines.join('\n')}\n`;
}

/** The verdict alone: its first line. */
export const statusHead = ({ checked }: Pick<StatusReport, 'checked'>, paint: Paint): string =>
  `${verdictLines(checked, paint)[0] ?? ''}\n`;

const verdictLines = (checked: StatusReport['checked'], paint: Paint): readonly string[] =>
  'why' in checked
    ? [`${paint('yellow', paint('bold', 'CANNOT TELL'))}  ${printable(checked.why)}`]
    : checkSummary(checked, paint);

/** A label, and lines behind it. */
const line = (label: string, says: readonly string[], paint: Paint): readonly string[] =>
  says.map(
    (words, i) =>
      `${paint('bold', (i === 0 ? label : '').padEnd(LABEL))}${clipped(printable(words), COLUMNS - LABEL)}`,
  );

function watchWords({ watches, pausedUntil, events }: StatusReport): string {
  if (watches === undefined) return 'cannot tell whether it runs: /proc cannot be read';
  if (watches.length === 0) return 'does not run (start it: rulesguard hook install systemd)';
  const started = events.findLast(({ kind }) => kind === 'started');
  const paused = pausedUntil === undefined ? '' : `, paused until ${pausedUntil}`;
  return `runs, pid ${watches.join(', ')}${started === undefined ? '' : `: ${started.says}`}${paused}`;
}

function hookWords(hooks: readonly HookStatus[]): readonly string[] {
  const sound = hooks.filter(({ hook, trouble }) => hook === 'in place' && trouble === undefined);
  const wrong = hooks.filter(({ hook, trouble }) => hook !== 'absent' && (hook !== 'in place' || trouble));
  const bare = hooks.filter(({ hook, installed }) => hook === 'absent' && installed);
  const names = (some: readonly HookStatus[]): string => some.map(({ target }) => target.name).join(', ');
  const lines = [
    ...wrong.map(
      ({ target: { name }, hook, trouble }) =>
        `${name}: ${trouble === undefined ? (hook === 'partly' ? 'partly in place' : 'not as it would be written now') : `cannot run: ${trouble}`}`,
    ),
    ...(sound.length > 0 ? [`in place: ${names(sound)}`] : []),
    ...(bare.length > 0 ? [`none for ${names(bare)}, which is installed`] : []),
  ];
  return lines.length === 0 ? ['none'] : fitting(lines, HOOKS);
}

/** As many as fit; what is left out is counted. */
const fitting = (lines: readonly string[], most: number): readonly string[] =>
  lines.length <= most
    ? lines
    : [...lines.slice(0, most - 1), `and ${String(lines.length - most + 1)} more: rulesguard hook status`];

const baselineWords = (baseline: StatusReport['baseline']): string =>
  'why' in baseline ? baseline.why : `${baseline.id}, ${age(baseline.ageSeconds)} old`;

function eventWords({ events, eventsUnread }: StatusReport): readonly string[] {
  if (eventsUnread !== undefined) return [eventsUnread];
  if (events.length === 0) return ['none noted'];
  const shown = events
    .slice(-EVENTS)
    .map(({ at, kind, says }) => `${at.slice(0, 16).replace('T', ' ')}Z ${kind}: ${says}`);
  const earlier = events.length - shown.length;
  return [...shown, ...(earlier > 0 ? [`${count(earlier, 'earlier event')}: rulesguard log`] : [])];
}
