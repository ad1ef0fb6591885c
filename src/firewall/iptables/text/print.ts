import type { Chain, Ruleset, Table } from './model.ts';
import type { SaveItem } from './save.ts';

/**
 * The bytes of a save, latin1. For an untouched save these are the bytes it was read from.
 *
 * @param items - the lines to print; leave some out to print a part
 */
export function printItems(items: readonly SaveItem[], finalNewline: boolean): string {
  const lines = new Array<string>(items.length);
  for (let i = 0; i < items.length; i++) lines[i] = items[i]?.raw ?? '';
  const text = lines.join('\n');
  return finalNewline && items.length > 0 ? `${text}\n` : text;
}

/** Whether rules and policies are printed with their counters. */
export type WithCounters = 'counters' | 'no-counters';

function printChainLine(chain: Chain, counters: WithCounters): string {
  return `:${chain.name} ${chain.policy} [${counters === 'no-counters' || chain.counters === '' ? '0:0' : chain.counters}]`;
}

function printTable(table: Table, counters: WithCounters, lines: string[]): void {
  lines.push(`*${table.name}`);
  for (const chain of table.chains.values()) lines.push(printChainLine(chain, counters));
  for (const chain of table.chains.values()) {
    for (const rule of chain.rules) {
      lines.push(
        counters === 'counters'
          ? `[${rule.counters === '' ? '0:0' : rule.counters}] ${rule.text}`
          : rule.text,
      );
    }
  }
  lines.push('COMMIT');
}

/**
 * A ruleset as iptables-save would print it, without header and comment lines. Without counters, equal text means equal
 * rules, chains and policies.
 */
export function printRuleset(ruleset: Ruleset, counters: WithCounters = 'no-counters'): string {
  const lines: string[] = [];
  for (const table of ruleset.tables.values()) printTable(table, counters, lines);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
