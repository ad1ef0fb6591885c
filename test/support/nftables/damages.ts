import type { NftChain, NftRule, NftTable } from '../../../src/firewall/nftables/tables/model.ts';
import { nftRule } from '../../../src/firewall/nftables/tables/rule.ts';
import { withChains, withElements, withRules } from './edits.ts';

/** What somebody may do to one of Docker's tables; undefined: the table is gone. */
export interface TableDamage {
  readonly what: string;
  readonly damaged: NftTable | undefined;
}

const HANDLE = 100_000;

/** A rule of a user's within Docker's table. */
export const USERS_RULE: NftRule = nftRule(
  [{ is: 'match', field: 'iifname', negated: false, values: ['wg9'] }, { is: 'counter' }, { is: 'accept' }],
  { comment: 'mine', handle: HANDLE + 7, counted: { packets: 0, bytes: 0 } },
);

/** Every single thing that can be deleted, flushed, doubled or moved in a table. */
export function damagesOf(table: NftTable): readonly TableDamage[] {
  const chains = [...table.chains.values()];
  const inChain = (chain: NftChain, what: string, rules: readonly NftRule[]): TableDamage => ({
    what: `${what} in ${chain.name}`,
    damaged: withRules(table, chain.name, () => rules),
  });
  return [
    { what: 'the table deleted', damaged: undefined },
    {
      what: 'the table flushed',
      damaged: withChains(table, (all) => all.map((one) => ({ ...one, rules: [] }))),
    },
    ...chains.filter(({ rules }) => rules.length > 0).map((chain) => inChain(chain, 'all flushed', [])),
    ...chains.flatMap((chain) =>
      chain.rules.flatMap((rule, at) => {
        const others = chain.rules.filter((one) => one !== rule);
        const copy = { ...rule, handle: HANDLE };
        return [
          inChain(chain, `deleted ${rule.text}`, others),
          inChain(chain, `doubled ${rule.text}`, [copy, ...chain.rules]),
          inChain(chain, `moved first ${rule.text}`, [rule, ...others]),
          inChain(chain, `moved last ${rule.text}`, [...others, rule]),
          inChain(chain, `deleted behind a user's: ${rule.text}`, chain.rules.with(at, USERS_RULE)),
        ];
      }),
    ),
    ...chains.flatMap((chain) =>
      chain.base === undefined
        ? []
        : [
            { ...chain.base, policy: 'drop' },
            { ...chain.base, priority: chain.base.priority + 1 },
          ].map((base) => ({
            what: `${chain.name} with policy ${base.policy} at ${String(base.priority)}`,
            damaged: withChains(table, (all) => all.map((one) => (one === chain ? { ...one, base } : one))),
          })),
    ),
    ...[...table.maps].flatMap(([map, { elements }]) => [
      { what: `${map} flushed`, damaged: withElements(table, map, () => []) },
      ...[...elements.keys()].flatMap((key) => [
        {
          what: `${key} deleted from ${map}`,
          damaged: withElements(table, map, (all) => all.filter(([one]) => one !== key)),
        },
        {
          what: `${key} of ${map} led elsewhere`,
          damaged: withElements(table, map, (all) =>
            all.map(([one, value]) => [one, one === key ? 'jump nat-prerouting-and-output' : value] as const),
          ),
        },
      ]),
    ]),
  ];
}
