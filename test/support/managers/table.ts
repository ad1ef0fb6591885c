import type { Deed } from './cell.ts';
import type { Change, Manager } from './managers.ts';

/** One way to make the change: `run`, `run --mode repair`, or by itself with the hook installed. */
export const CELLS = ['rehearsed', 'run', 'run --mode repair', 'hook'] as const;
export type Cell = (typeof CELLS)[number];

/** What a cell came to: what it says when nothing is wrong, and what is. */
export interface Verdict {
  readonly told: string;
  readonly wrong: readonly string[];
}

/** One change of one manager, and its cells. */
export interface Row {
  readonly manager: Manager;
  readonly change: Change;
  deed?: Deed;
  readonly cells: Partial<Record<Cell, Verdict>>;
}

const NOTHING = '–';

const tellDeed = (deed: Deed | undefined) => {
  if (deed === undefined) return ['NOT RUN', '', ''];
  const { lost, policies, broken, open } = deed;
  const policy = policies.length === 0 ? '' : `; FORWARD ${policies.join(', ')}`;
  return [`${String(lost)}${policy}`, String(broken.length - open.length), String(open.length)];
};

const tellCell = ({ change, cells }: Row, cell: Cell) => {
  if (cell === 'hook' && change.hook === undefined) return NOTHING;
  const verdict = cells[cell];
  if (verdict === undefined) return 'NOT RUN';
  return verdict.wrong.length === 0 ? verdict.told : `FAILED (${String(verdict.wrong.length)})`;
};

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** `40 cells, 40 hold` */
function countLine(rows: readonly Row[]): string {
  const cells = rows.flatMap((row) =>
    CELLS.filter((cell) => cell !== 'hook' || row.change.hook !== undefined).map((cell) => row.cells[cell]),
  );
  const holding = cells.filter((verdict) => verdict?.wrong.length === 0);
  return `${String(rows.length)} changes, ${String(cells.length)} cells, ${String(holding.length)} hold`;
}

/** All rows as one Markdown table, with the versions of what was tried. */
export function tableOf(rows: readonly Row[], versions: ReadonlyMap<string, string>): string {
  const header = ['manager', 'change', 'Docker rules lost', 'ways cut', 'ways opened', ...CELLS];
  const body = rows.map((row) => [
    row.manager.name,
    `\`${row.change.typed}\``,
    ...tellDeed(row.deed),
    ...CELLS.map((cell) => tellCell(row, cell)),
  ]);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...body].map((row) => (row[column] ?? '').length)),
  );
  const padded = (row: readonly string[]) =>
    line(row.map((text, column) => text.padEnd(widths[column] ?? 0)));
  const told = [...versions].sort().map(([name, version]) => `- ${name}: ${version}`);
  return [
    padded(header),
    line(widths.map((width) => '-'.repeat(width))),
    ...body.map(padded),
    '',
    `${countLine(rows)}.`,
    '',
    ...told,
    '',
  ].join('\n');
}
