import { USER_CHAIN } from '../../firewall/iptables/ownership/chain-shapes.ts';
import { printRuleset } from '../../firewall/iptables/text/print.ts';
import type { Ruleset } from '../../firewall/iptables/text/model.ts';
import { tableName } from '../../firewall/nftables/tables/print.ts';
import type { Family } from '../../net/family.ts';
import type { NotCarried, UsersChain } from './users-rules.ts';

/** The name of the table that takes the place of DOCKER-USER. */
const USERS_TABLE = 'docker-user';

/** `ip docker-user` */
export const usersTableName = (family: Family): string => tableName({ family, name: USERS_TABLE });

/** A save of these chains alone, for who translates it. */
export const saveOf = (chains: readonly UsersChain[]): string => {
  const table = {
    name: 'filter',
    chains: new Map(
      chains.map(({ name, rules }) => [name, { name, policy: '-', counters: '', rules }] as const),
    ),
  };
  const ruleset: Ruleset = { tables: new Map([['filter', table]]) };
  return printRuleset(ruleset);
};

/** One chain with its rules in nft's words. */
export interface TranslatedChain {
  readonly name: string;
  readonly rules: readonly string[];
}

/** Chains in nft's words, and what has none. */
export interface TranslatedChains {
  readonly chains: readonly TranslatedChain[];
  readonly notCarried: readonly NotCarried[];
}

/**
 * Reads what iptables-restore-translate printed of {@link saveOf}: a line for each rule, in the same order, and a remark for one that nft has
 * no words for.
 *
 * @returns undefined where its lines are not those of these rules
 */
export function readTranslation(
  printed: string,
  family: Family,
  chains: readonly UsersChain[],
): TranslatedChains | undefined {
  const lines = printed
    .split('\n')
    .filter((line) => line.startsWith('add rule ') || line.startsWith('# -t '));
  const rules = chains.flatMap(({ name, rules: own }) => own.map((rule) => ({ chain: name, rule })));
  if (lines.length !== rules.length) return undefined;
  const notCarried: NotCarried[] = [];
  const found = new Map<string, string[]>(chains.map(({ name }) => [name, []]));
  for (const [at, { chain, rule }] of rules.entries()) {
    const line = lines[at] ?? '';
    const start = `add rule ${tableName({ family, name: 'filter' })} ${chain} `;
    if (line.startsWith(start)) found.get(chain)?.push(line.slice(start.length).trim());
    else if (line.startsWith('# '))
      notCarried.push({ family, rule: rule.text, why: 'nft has no words for it' });
    else return undefined;
  }
  return { chains: [...found].map(([name, own]) => ({ name, rules: own })), notCarried };
}

/**
 * The table of the user's own that takes the place of DOCKER-USER, as a file for `nft -f`: it is met before Docker's own tables.
 *
 * @param mark - set on what a rule accepts, so that Docker's tables let it through too; '' for none. An accept ends a base chain alone:
 *   the tables behind it still decide
 */
export function usersTable(family: Family, chains: readonly TranslatedChain[], mark: string): string {
  const blocks = chains.map(({ name, rules }) => {
    const hook =
      name === USER_CHAIN ? [`\t\ttype filter hook forward priority ${PRIORITY}; policy accept;`] : [];
    return [
      `\tchain ${name} {`,
      ...hook,
      ...rules.map((rule) => `\t\t${mark === '' ? rule : marking(rule, mark)}`),
      '\t}',
    ].join('\n');
  });
  // A chain is known to those that follow it alone.
  return `table ${usersTableName(family)} {\n${blocks.toReversed().join('\n\n')}\n}\n`;
}

/** Before Docker's own chains, which are at `filter`. */
const PRIORITY = 'filter - 10';

const marking = (rule: string, mark: string): string =>
  rule.replace(/(^| )accept(?= comment |$)/, `$1meta mark set meta mark | ${mark} accept`);
