import { type ReferenceSource, SOURCES } from '../../../src/reconcile/reference.ts';
import { type Hurt, type Verdict } from './cell.ts';

/** One damage with one half-repair on one Engine, and its cells. */
export interface Row {
  readonly damage: string;
  readonly half: string;
  hurt?: Pick<Hurt, 'lost' | 'broken'>;
  readonly cells: Partial<Record<ReferenceSource, Verdict>>;
}

function told(verdict: Verdict | undefined): string {
  if (verdict === undefined) return 'NOT RUN';
  if (verdict.wrong.length > 0) return `FAILED (${String(verdict.wrong.length)})`;
  const unseen = verdict.unseen > 0 ? [`unseen: ${String(verdict.unseen)}`] : [];
  const byHand = verdict.byHand.length > 0 ? [`by hand: ${verdict.byHand.join(', ')}`] : [];
  return ['ok', ...unseen, ...byHand].join('; ');
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** How many cells there are, and how many hold. */
function countCells(rows: readonly Row[]) {
  const verdicts = rows.flatMap(({ cells }) => SOURCES.map((source) => cells[source]));
  const holding = verdicts.filter((verdict) => verdict?.wrong.length === 0);
  const sum = (of: (verdict: Verdict) => number) =>
    holding.reduce((total, verdict) => total + (verdict === undefined ? 0 : of(verdict)), 0);
  return {
    cells: verdicts.length,
    holding: holding.length,
    passed: sum(({ passed }) => passed),
    dropped: sum(({ dropped }) => dropped),
  };
}

/** `90 cells, 90 hold; 7,000 answers as before, 5,000 silences as before` */
export function countLine(rows: readonly Row[]): string {
  const { cells, holding, passed, dropped } = countCells(rows);
  const n = (value: number) => value.toLocaleString('en');
  return `${n(cells)} cells, ${n(holding)} hold; ${n(passed)} packets passed as before, ${n(dropped)} did not, as before`;
}

/** The rows of one Engine as a Markdown table, and the count of its cells. */
export function tableOf(title: string, rows: readonly Row[]): string {
  const header = ['damage', 'Docker then', 'rules lost', 'pairs broken', ...SOURCES];
  const body = rows.map(({ damage, half, hurt, cells }) => [
    damage.replaceAll('|', '\\|'),
    half,
    String(hurt?.lost ?? ''),
    String(hurt?.broken ?? ''),
    ...SOURCES.map((source) => told(cells[source])),
  ]);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...body].map((row) => (row[column] ?? '').length)),
  );
  const padded = (row: readonly string[]) =>
    line(row.map((text, column) => text.padEnd(widths[column] ?? 0)));
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [`## ${title}`, '', padded(header), rule, ...body.map(padded), '', countLine(rows), ''].join('\n');
}
