import type { TableEdit } from '../tables/edit.ts';
import type { NftBase, NftRule } from '../tables/model.ts';
import { tableName } from '../tables/print.ts';
import type { TablePlan } from './plan.ts';

/** A plan as `nft -f` takes it: one transaction, which the kernel makes as a whole or refuses. '' for a plan without edits. */
export const renderTablePlan = ({ edits, ...table }: TablePlan): string =>
  edits.map((edit) => `${lineOf(edit, tableName(table))}\n`).join('');

function lineOf(edit: TableEdit, table: string): string {
  switch (edit.edit) {
    case 'add-table':
      return `add table ${table}`;
    case 'delete-table':
      return `delete table ${table}`;
    case 'add-chain':
      return `add chain ${table} ${edit.chain}${edit.base === undefined ? '' : hookOf(edit.base)}`;
    case 'delete-chain':
      return `delete chain ${table} ${edit.chain}`;
    case 'add-map':
    case 'add-set': {
      const { name, type } = edit;
      const word = type.startsWith('typeof ') ? type : `type ${type}`;
      return `add ${edit.edit === 'add-map' ? 'map' : 'set'} ${table} ${name} { ${word} ; }`;
    }
    case 'add-rule': {
      const { chain, rule, before } = edit;
      const place = before === undefined ? '' : ` handle ${String(before)}`;
      return `${before === undefined ? 'add' : 'insert'} rule ${table} ${chain}${place} ${counting(rule)}`;
    }
    case 'delete-rule':
      return `delete rule ${table} ${edit.chain} handle ${String(edit.handle)}`;
    case 'add-element':
      return `add element ${table} ${edit.of} { ${keyText(edit.key)}${edit.value === '' ? '' : ` : ${edit.value}`} }`;
    case 'delete-element':
      return `delete element ${table} ${edit.of} { ${keyText(edit.key)} }`;
  }
}

/** Priorities as numbers: nft 1.0.6 does not know that of `dstnat` by its name in an output hook. */
const hookOf = ({ type, hook, priority, policy }: NftBase): string =>
  ` { type ${type} hook ${hook} priority ${String(priority)} ; policy ${policy} ; }`;

const keyText = (key: string): string => (/^\d+$/.test(key) ? key : `"${key}"`);

/** A rule with what it counted before. */
function counting({ text, counted, statements }: NftRule): string {
  // Only expected rules are written, and those hold nothing that is not understood.
  if (statements.some(({ is }) => is === 'foreign')) throw new Error(`not a rule of Docker's: ${text}`);
  if (counted === undefined) return text;
  const { packets, bytes } = counted;
  return text.replace(/(^| )counter /, `$1counter packets ${String(packets)} bytes ${String(bytes)} `);
}
