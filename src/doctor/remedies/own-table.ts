import { sh } from '../../shell.ts';
import type { RemedyStep } from './proposal.ts';

/** A chain of a table of one's own. */
interface OwnChain {
  /** `ip host-nat`. */
  readonly table: string;
  readonly chain: string;
  /** `type nat hook postrouting priority srcnat`. */
  readonly hook: string;
  readonly rule: string;
}

/**
 * Makes a table of the operator's own with one chain and one rule. Where Docker writes with nftables, what is to decide beside its rules
 * belongs into such a table: whatever stands in Docker's own is lost when Docker writes the chain again.
 */
export function makeTable({ table, chain, hook, rule }: OwnChain): RemedyStep {
  const body = `table ${table} { chain ${chain} { ${hook}; policy accept; ${rule}; }; }`;
  const text = `table ${table} {\n\tchain ${chain} {\n\t\t${hook}; policy accept;\n\t\t${rule}\n\t}\n}\n`;
  return { command: sh`nft ${body}`, change: { of: 'native-table', table, text } };
}
