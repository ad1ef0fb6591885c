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
  // Of a set no flag is called so.
  if (/(?:^|[;{}])\s*flags\s[^\n;{}]*\bowner\b/m.test(text))
    return 'can be changed only by the program that made it';
  return keptInside(text);
}

/** That a program keeps a chain of its own in a table, which is never long what it was. */
function keptInside(text: string): string | undefined {
  for (const [, chain = ''] of text.matchAll(/(?:^|[;{}])\s*chain\s+([^\s;{}]+)/gm)) {
    const manager = managerOfNative('', chain);
    if (manager !== undefined)
      return `holds chain ${chain}, which ${manager} keeps: put what you close into a table that nobody else writes to`;
  }
  return undefined;
}
