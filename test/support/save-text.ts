import { printItems } from '../../src/firewall/iptables/text/print.ts';
import type { Save } from '../../src/firewall/iptables/text/save.ts';

/** The bytes a save was read from. */
export const printSave = ({ items, finalNewline }: Save): string => printItems(items, finalNewline);

const BARE = /^[A-Za-z0-9_-]+$/;

/**
 * Writes a word the way `xtables_save_string` does (comment, log prefix, helper …): bare when it holds only
 * `A-Z a-z 0-9 _ -`, else in double quotes with a backslash before `"`, `\` and `'`.
 */
export function quoteWord(word: string): string {
  return BARE.test(word) ? word : `"${word.replaceAll(/["\\']/g, '\\$&')}"`;
}
