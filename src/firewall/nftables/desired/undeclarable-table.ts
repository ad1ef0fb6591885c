import { managerOfNative } from '../../iptables/ownership/managers.ts';
import { BRIDGES_TABLE, OVERLAY_TABLE, XTABLES } from '../tables/names.ts';

/**
 * Why a table cannot be declared; undefined where it can. Only its maker may bring a table back that a program keeps.
 *
 * @param table - `inet close`
 * @param text - its listing
 * @returns the rest of a sentence that begins with the table
 */
export function undeclarableTable(table: string, text: string): string | undefined {
  const name = table.slice(table.indexOf(' ') + 1);
  if (name === BRIDGES_TABLE || name === OVERLAY_TABLE)
    return "is Docker's own: restore brings back what the Engine requires of it";
  if (XTABLES.test(table))
    return 'is where iptables keeps its rules: declare what you closed in DOCKER-USER, or put it into a table of your own';
  const manager = managerOfNative(table, '');
  if (manager !== undefined) return `is kept by ${manager}, which writes it again by itself`;
  if (/^\s*flags [^\n{}]*\bowner\b/m.test(text)) return 'can be changed only by the program that made it';
  return undefined;
}
