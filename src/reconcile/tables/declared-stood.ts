import type { DeclaredTable } from '../../firewall/nftables/text/declared-table.ts';
import { parseNativeTable } from '../../firewall/nftables/text/parse.ts';
import { AS_DECLARED, type StoodRule } from '../../reach/judge/foreign.ts';

/**
 * The rules and policies of declared tables, for telling the operator's own from what somebody else put into such a table. Of a table
 * that is not understood none is known.
 */
export const declaredStood = (tables: readonly DeclaredTable[] = []): readonly StoodRule[] =>
  tables.flatMap(({ table, text }) =>
    [...(parseNativeTable(text)?.chains.values() ?? [])].flatMap(({ name, base, rules }) =>
      [...(base === undefined ? [] : ['']), ...rules.map((one) => one.text)].map((rule) => ({
        ...{ table, chain: name, rule, ways: [AS_DECLARED] },
      })),
    ),
  );
