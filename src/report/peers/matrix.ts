import type { FleetCause, FleetMatrix } from '../../doctor/peers/fleet/matrix.ts';
import { listNames } from '../../doctor/checks/check.ts';
import { printableTexts } from '../doctor/json.ts';
import { COLOURS, MARKS, VERDICT_WORDS } from '../doctor/words.ts';
import { count, printable, type Paint } from '../text.ts';

/** Ports and hosts that one line names, and notes of facts that are shown. */
const NAMED = 3;

/** Who reaches what of a fleet: the verdict, then one line for each cause, the one for most ways first. */
export function matrixText(matrix: FleetMatrix, paint: Paint): string {
  const { verdict, hosts, ports, ways, open, causes, notes } = matrix;
  const head = `${paint(COLOURS[verdict], paint('bold', VERDICT_WORDS[verdict]))}  ${count(hosts.length, 'host')}, ${count(ports, 'published port')}: ${String(open)} of ${count(ways, 'way')} open`;
  const more = notes.length - NAMED;
  const told = [...notes.slice(0, NAMED), ...(more > 0 ? [`… and ${String(more)} more of facts`] : [])].map(
    (note) => `${paint(COLOURS.warn, MARKS.warn)} ${printable(note)}`,
  );
  return `${[head, ...causes.map((cause) => causeLine(cause, paint)), ...told].join('\n')}\n`;
}

function causeLine({ host, what, verdict, ways, hosts, ports }: FleetCause, paint: Paint): string {
  const mark = paint(COLOURS[verdict], verdict === 'fail' ? '✗' : '?');
  const line = `${mark} ${printable(host)}: ${printable(what)}`;
  if (ways === 0) return line;
  return `${line} (${count(ways, 'way')}; ${printable(listNames(ports, NAMED))}; with ${printable(listNames(hosts, NAMED))})`;
}

/** The document of `doctor --matrix --json`; schemas/doctor-matrix.schema.json describes it. */
export const matrixJson = (matrix: FleetMatrix): unknown =>
  printableTexts({
    $schema: 'https://rulesguard.dev/schemas/doctor-matrix.schema.json',
    version: 1,
    ...matrix,
  });
