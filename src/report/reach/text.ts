import type { Family } from '../../net/family.ts';
import type { ToldCell } from '../../reach/judge/groups.ts';
import type { UnaskedWays } from '../../reach/unasked.ts';
import type { UnreadPart } from '../../reconcile/verdict/effect.ts';
import { count, printable, type Paint, type Style } from '../text.ts';
import { reasonIn, toldGroups, type ToldGroup } from './groups.ts';
import { clipped, COLUMNS, listed } from './lines.ts';
import { askedWords, askerWords, isWords, policyUnknownLines, unaskedLines } from './words.ts';

/** What the text is made of. */
export interface ReachReport {
  readonly cells: readonly ToldCell[];
  readonly engine: string;
  /** What was asked about. */
  readonly question: {
    readonly target?: string | undefined;
    readonly from?: string | undefined;
    readonly to?: string | undefined;
  };
  readonly exit: 0 | 1 | 3;
  /** What some cells depend on, and could not be read. */
  readonly unread: readonly UnreadPart[];
  /** What no cell asks about. */
  readonly unasked: readonly UnaskedWays[];
  readonly policyUnknown?: readonly Family[];
}

/** Groups on one screen, each with its names and a reason. */
const GROUPS = 7;

const HEADS: Readonly<Record<ReachReport['exit'], readonly [string, Style]>> = {
  0: ['HEALTHY', 'green'],
  1: ['FAULT', 'red'],
  3: ['CANNOT TELL', 'yellow'],
};
const STYLES: Readonly<Record<ToldGroup['effect'], Style>> = {
  ...{ outage: 'red', exposure: 'red', degraded: 'yellow', operator: 'dim', unknown: 'yellow' },
};

/**
 * The table for people: the verdict, then what differs, grouped by what it means. One screen of 24 lines at 80 columns.
 *
 * @param options - `all`: every cell instead, one a line
 */
export function reachText(report: ReachReport, paint: Paint, { all }: { readonly all: boolean }): string {
  const { cells, engine, exit } = report;
  const [word, style] = HEADS[exit];
  const counted = countWords(report);
  const head = `${paint(style, paint('bold', word))}  ${counted} ${paint('dim', `(Engine ${printable(engine)})`)}`;
  const body = all ? cells.map(cellLine) : groupLines(toldGroups(cells), paint);
  const unread = report.unread.map(({ what, why, hint, isAside }) =>
    [
      `${what} ${isAside === true ? 'is not judged' : 'could not be read'}: ${why}`,
      ...(hint === undefined ? [] : [hint]),
    ]
      .map(printable)
      .join('\n  '),
  );
  const unasked = [...policyUnknownLines(report.policyUnknown), ...unaskedLines(report.unasked, COLUMNS)].map(
    (line) => paint('dim', line),
  );
  return `${[head, ...body, ...unread, ...unasked].join('\n')}\n`;
}

/** `3 of 182 ways differ from what Docker means, 1 cannot be told; rules of your own decide 4`. */
function countWords({ cells: all, question, exit }: ReachReport): string {
  const cells = all.filter(({ accepted }) => accepted === undefined);
  const known = all.length - cells.length;
  const what = askedWordsOf(question);
  const promised = cells.filter(({ should }) => should !== 'no-promise');
  const number = (...which: readonly ToldCell['effect'][]): number =>
    promised.filter(({ effect }) => which.includes(effect)).length;
  const differing = number('outage', 'exposure', 'degraded');
  const unknown = number('unknown');
  const own = number('operator');
  const ways = `${count(promised.length + known, 'way')}${what}`;
  if (known > 0)
    return [
      ...(differing === 0
        ? [
            `none of ${ways} differs from what Docker means but ${String(known)} that ${known === 1 ? 'was' : 'were'} accepted`,
          ]
        : [
            `${String(differing)} of ${ways} differ from what Docker means, besides ${String(known)} accepted`,
          ]),
      ...(unknown === 0 ? [] : [`${String(unknown)} cannot be told`]),
      ...(own === 0 ? [] : [`rules of your own decide ${String(own)}`]),
    ].join(', ');
  if (differing + unknown + own === 0) return `all ${ways} are as Docker means them`;
  if (differing + unknown === 0 && exit === 1) {
    const closed = promised.filter(({ effect, differs }) => effect === 'operator' && differs !== 'exposure');
    return `rules of your own close ${String(closed.length)} of ${ways}`;
  }
  if (differing + unknown === 0)
    return `all ${ways} are as Docker means them, but for ${String(own)} that rules of your own decide`;
  const parts = [
    ...(differing === 0
      ? [`none of ${ways} differs from what Docker means`]
      : [`${String(differing)} of ${ways} differ from what Docker means`]),
    ...(unknown === 0 ? [] : [`${String(unknown)} cannot be told`]),
    ...(own === 0 ? [] : [`rules of your own decide ${String(own)}`]),
  ];
  return parts.join(', ');
}

/** ` of web`, ` from app to web`. */
function askedWordsOf({ target, from, to }: ReachReport['question']): string {
  if (target === undefined) return '';
  if (to !== undefined) return ` from ${printable(target)} to ${printable(to)}`;
  return from === undefined ? ` of ${printable(target)}` : ` from ${printable(from)} to ${printable(target)}`;
}

function groupLines(groups: readonly ToldGroup[], paint: Paint): readonly string[] {
  const hidden = groups.length - GROUPS;
  const more = hidden > 0 ? ['', paint('bold', `… and ${count(hidden, 'more kind')}: --all`)] : [];
  const isOpen = groups.some(({ effect, accepted }) => effect !== 'operator' && accepted === undefined);
  const next = isOpen ? ['', 'Why, and what repairs it: rulesguard doctor'] : [];
  return [...groups.slice(0, GROUPS).flatMap((group) => effectLines(group, paint)), ...more, ...next];
}

/** The first word of a group's line: what the operator's own rules do is told as what they do. */
const wordOf = ({ effect, differs, accepted }: ToldGroup): string => {
  if (accepted !== undefined) return 'ACCEPTED';
  if (effect !== 'operator') return effect.toUpperCase();
  return differs === 'exposure' ? 'OPENED BY RULE' : 'CLOSED BY RULE';
};

/** One group: its effect, what it is about, and why. At most two lines of 80 columns. */
export function effectLines(group: ToldGroup, paint: Paint): readonly string[] {
  const { effect, headline, names, accepted } = group;
  const reasons =
    accepted === undefined
      ? group.reasons
      : [`until ${accepted.until}: ${accepted.reason}`, ...group.reasons];
  const [reason, ...others] = reasons;
  const more = others.length === 0 ? '' : ` … and ${String(others.length)} more`;
  return [
    paint(accepted === undefined ? STYLES[effect] : 'dim', listed(`${wordOf(group)}  ${headline}`, names)),
    ...(reason === undefined
      ? []
      : [paint('dim', `${clipped(`  ${printable(reason)}`, COLUMNS - more.length)}${more}`)]),
  ];
}

/** One cell: `outage  outside by eth0 → 192.0.2.1:8080 of web/tcp: stopped, filter: -A …`. */
function cellLine(cell: ToldCell): string {
  const { effect, asker, asked, proto, should, accepted } = cell;
  const reason = reasonIn(cell);
  const known = accepted === undefined ? '' : ` (accepted until ${accepted.until})`;
  const meant = should === 'no-promise' ? ' (not promised)' : '';
  return printable(
    `${effect.padEnd(8)}  ${askerWords(asker)} → ${askedWords(asked)}/${proto}: ${isWords(cell)}${meant}${known}${reason === '' ? '' : `, ${reason}`}`,
  );
}
