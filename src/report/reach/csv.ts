import { cellJson } from './json.ts';
import type { ReachReport } from './text.ts';

/** Every cell as one line of CSV (RFC 4180), with a line of names first. */
export function reachCsv({ cells }: Pick<ReachReport, 'cells'>): string {
  const rows = cells.map(cellJson);
  const names = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => names.map((name) => field(String(row[name] ?? ''))).join(','));
  return [names.join(','), ...lines].map((line) => `${line}\r\n`).join('');
}

/** Spreadsheets run what begins like a formula. */
function field(text: string): string {
  const plain = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
