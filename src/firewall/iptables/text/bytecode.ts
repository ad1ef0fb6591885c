import { NFT_FAMILY, type Family } from '../../../net/family.ts';

/** A rule as the kernel holds it: its instructions, in order, as `nft --debug=netlink` prints them without brackets. */
export interface KernelRule {
  readonly handle: string;
  readonly code: readonly string[];
  /** How nft itself would write it; '' where it was not listed. */
  readonly words: string;
}

/** The rules of each chain, by {@link chainKey}. A chain without rules may be missing. */
export type KernelRules = ReadonlyMap<string, readonly KernelRule[]>;

/** `ip filter DOCKER-USER`: a chain as nft names it. */
export const chainKey = (family: Family, table: string, chain: string): string =>
  `${NFT_FAMILY[family]} ${table} ${chain}`;

/** `ip filter DOCKER-USER 24 23`: a rule, its handle, the handle of the one before it. */
const RULE_LINE = /^(?!table )(\w+ \S+ [^{]+?) (\d+)(?: \d+)?$/;
const CODE_LINE = /^ {2}\[ (.*) \]$/;
const TABLE_LINE = /^table (ip6? \S+) \{/;
const CHAIN_LINE = /^\tchain (.+?) \{(?: # handle \d+)?$/;
const LISTED_RULE = /^\t\t(.+) # handle (\d+)$/;

/**
 * Reads what `nft -a --debug=netlink list …` prints (1.0.6 to 1.1.7): the instructions of the rules first, then the listing.
 * When the rules change meanwhile, nft reads them again and prints the instructions of each reading; only the listing says which
 * rules there are, and in which order.
 *
 * @param text - latin1
 */
export function parseBytecode(text: string): KernelRules {
  const chains = new Map<string, { handle: string; code: string[]; words: string }[]>();
  const words = new Map<string, string>();
  const listed = new Map<string, string[]>();
  const seen = new Set<string>();
  let isReadAgain = false;
  let code: string[] | undefined;
  let table = '';
  let chain = '';
  for (const line of text.split('\n')) {
    const instruction = CODE_LINE.exec(line)?.[1];
    if (instruction !== undefined) {
      code?.push(instruction);
      continue;
    }
    // nft 1.0 prints the instructions of all families, whichever is asked for.
    if (!line.startsWith(' ')) code = undefined;
    const [, key, handle] = RULE_LINE.exec(line) ?? [];
    if (key !== undefined && handle !== undefined) {
      code = [];
      isReadAgain ||= seen.has(`${key} ${handle}`);
      seen.add(`${key} ${handle}`);
      const rules = chains.get(key) ?? [];
      rules.push({ handle, code, words: '' });
      chains.set(key, rules);
      continue;
    }
    table = TABLE_LINE.exec(line)?.[1] ?? table;
    const opened = CHAIN_LINE.exec(line)?.[1];
    if (opened !== undefined) listed.set(`${table} ${(chain = opened)}`, []);
    const [, own, number] = LISTED_RULE.exec(line) ?? [];
    if (own === undefined || number === undefined) continue;
    words.set(`${table} ${chain} ${number}`, own);
    listed.get(`${table} ${chain}`)?.push(number);
  }
  if (isReadAgain)
    for (const [key, rules] of chains) {
      const last = new Map(rules.map((rule) => [rule.handle, rule]));
      chains.set(
        key,
        (listed.get(key) ?? [...last.keys()]).flatMap((handle) => last.get(handle) ?? []),
      );
    }
  for (const [key, rules] of chains)
    for (const rule of rules) rule.words = words.get(`${key} ${rule.handle}`) ?? '';
  return chains;
}
