import { replacingTable } from '../firewall/nftables/text/replacing.ts';
import { heldState, type HeldTable } from '../reconcile/tables/declared-tables.ts';
import { patch } from './diff.ts';
import { count, printable, type Paint } from './text.ts';

interface ChangedTable {
  readonly table: string;
  readonly before: string | undefined;
  readonly after: string;
}

const linesOf = (text = ''): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\t+/, (tabs) => '  '.repeat(tabs.length)));

/** What a declaration of tables changes, as a unified diff for each. */
export const declaredTablesDiff = (tables: readonly ChangedTable[]): string =>
  tables
    .map(({ table, before, after }) => patch(table, 'declared', 'live', linesOf(before), linesOf(after)))
    .join('');

/** How live tables differ from the declared ones, as a unified diff for each. */
export const heldDiff = (held: readonly HeldTable[] = []): string =>
  held
    .filter((one) => heldState(one) !== 'whole')
    .map(({ table, text, live }) => patch(table, 'declared', 'live', linesOf(text), linesOf(live)))
    .join('');

/** The declared tables that a restore makes anew, in words, as diffs and as nft takes them. */
export const heldPlanText = (held: readonly HeldTable[], paint: Paint): string =>
  [
    ...held.map(
      ({ table }) => `${paint('bold', printable(table))}  made again as declared, together or not at all\n`,
    ),
    `\n${heldDiff(held)}\n`,
    ...heldPlanInput(held)
      .split('\n')
      .map((line) => `${printable(line.replaceAll('\t', '  '))}\n`),
  ].join('');

/** The transactions of declared tables, latin1, with the command for them as a comment line. */
export const heldPlanInput = (held: readonly HeldTable[]): string =>
  held.length === 0 ? '' : `# declared: nft -f\n${held.map(replacingTable).join('')}`;

/** That a plan file holds nothing of declared tables. */
export const heldNotPlanned = (held: readonly HeldTable[]): string =>
  `The plan holds Docker's rules alone. What is declared comes back with rulesguard restore: ${held.map(({ table }) => printable(table)).join(', ')}`;

/** What declares tables as they are, in place of what is declared. */
export const takeOverCommand = (tables: readonly string[]): string =>
  `rulesguard snapshot --declare ${tables.map((table) => `--table '${table}'`).join(' ')} --yes`;

/** What became of a declaration of tables. @param path - the file */
export function declaredTablesText(
  outcome: 'written' | 'unchanged' | 'unwritten',
  tables: readonly ChangedTable[],
  path: string,
  paint: Paint,
): string {
  const word = (text: string, colour: 'green' | 'yellow'): string => paint(colour, paint('bold', text));
  switch (outcome) {
    case 'unchanged':
      return `${word('UNCHANGED', 'green')}  the tables are as declared; nothing written\n`;
    case 'written':
      return `${word('DECLARED', 'green')}  ${count(tables.length, 'table')} of nftables, in ${printable(path)}; check and restore hold ${tables.length === 1 ? 'it' : 'them'} from now on\n`;
    case 'unwritten':
      return `${word('NOT DECLARED', 'yellow')}  this replaces what is declared. To take the live tables over: ${printable(takeOverCommand(tables.map(({ table }) => table)))}. To roll them back: rulesguard restore\n`;
  }
}
