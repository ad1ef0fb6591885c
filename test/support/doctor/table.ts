import type { Era } from '../lab/eras.ts';
import type { Verdict } from './judge.ts';

/** A fault, or a healthy machine, and what came of it on each Engine. */
export interface Row {
  readonly name: string;
  /** The code expected; '' for a healthy machine. */
  readonly code: string;
  readonly target: string;
  /** Absent: not tried there. A string: why not, or what failed before doctor was asked. */
  readonly cells: Map<Era, Verdict | string>;
}

const isVerdict = (cell: Verdict | string | undefined): cell is Verdict => typeof cell === 'object';

function tellCell(cell: Verdict | string | undefined, healthy: boolean): string {
  if (!isVerdict(cell)) return cell ?? 'not tried';
  const alarms = cell.falseAlarms.length > 0 ? [`FALSE ALARM: ${cell.falseAlarms.join(', ')}`] : [];
  if (healthy)
    return alarms.length > 0 ? alarms.join('; ') : cell.wrong.length > 0 ? 'FAILED' : 'nothing found';
  const named = /^(?:hit|reported)/.test(cell.named) ? cell.named : cell.named.toUpperCase();
  const passes = {
    yes: 'packets pass',
    'by hand': 'pass, by hand',
    'no remedy': 'NO REMEDY',
    no: 'NO PACKETS',
    'not tried': 'no remedy due',
  };
  return [named, ...alarms, passes[cell.passes]].join('; ');
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function tableOf(rows: readonly Row[], eras: readonly Era[], healthy: boolean): string {
  const header = [...(healthy ? ['machine'] : ['fault', 'asked about', 'code']), ...eras];
  const body = rows.map(({ name, code, target, cells }) => [
    name.replaceAll('|', '\\|'),
    ...(healthy ? [] : [target === '' ? 'the host' : target, code]),
    ...eras.map((era) => tellCell(cells.get(era), healthy)),
  ]);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...body].map((row) => (row[column] ?? '').length)),
  );
  const padded = (row: readonly string[]) =>
    line(row.map((text, column) => text.padEnd(widths[column] ?? 0)));
  return [padded(header), line(widths.map((width) => '-'.repeat(width))), ...body.map(padded)].join('\n');
}

/** `78 faults on 3 Engines, 234 plants: 230 hits, 2 named second, 2 missed; …` */
function countLine(faults: readonly Row[], healthy: readonly Row[]): string {
  const verdicts = faults.flatMap(({ cells }) => [...cells.values()].filter(isVerdict));
  const calm = healthy.flatMap(({ cells }) => [...cells.values()].filter(isVerdict));
  const many = (of: (verdict: Verdict) => boolean, among = verdicts) => String(among.filter(of).length);
  const isAlarm = ({ falseAlarms }: Verdict) => falseAlarms.length > 0;
  return [
    `${String(faults.length)} faults, planted ${String(verdicts.length)} times`,
    `${many(({ named }) => named === 'hit')} hits, ${many(({ named }) => named === 'named second')} named second, ` +
      `${many(({ named }) => named === 'reported unknown')} reported unknown, ${many(({ named }) => named === 'missed')} missed, ${many(isAlarm)} with a false cause beside it`,
    `after the remedy packets pass ${many(({ passes }) => passes === 'yes')} times, ` +
      `${many(({ passes }) => passes === 'by hand')} times after words done by hand`,
    `${String(healthy.length)} healthy machines, asked about ${String(calm.length)} times: ` +
      `${many(isAlarm, calm)} false alarms`,
  ].join('; ');
}

/** All of it as Markdown: both tables, the count, and what was wrong. */
export function reportOf(faults: readonly Row[], healthy: readonly Row[], eras: readonly Era[]): string {
  const wrong = [...faults, ...healthy].flatMap(({ name, cells }) =>
    [...cells].flatMap(([era, cell]) =>
      isVerdict(cell) ? cell.wrong.map((text) => `- ${name}, ${era}: ${text}`) : [],
    ),
  );
  return [
    ...['## Faults', '', tableOf(faults, eras, false), ''],
    ...['## Healthy machines', '', tableOf(healthy, eras, true), ''],
    `${countLine(faults, healthy)}.`,
    ...(wrong.length > 0 ? ['', '## What was wrong', '', ...wrong] : []),
    '',
  ].join('\n');
}
