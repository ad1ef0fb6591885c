import type { SettingsInRules } from '../../../docker/settings.ts';
import { ownTableRule, type OwnedTableRule } from '../ownership/ownership.ts';
import type { TablePurposeId } from '../ownership/purpose.ts';
import type { NftTable } from '../tables/model.ts';
import { BRIDGES_TABLE } from '../tables/names.ts';

/** Settings of the daemon that its tables show, for where its process does not (docs/reference/docker-nftables.md). */
export function settingsInTables(tables: readonly NftTable[]): SettingsInRules {
  const bridges = tables.filter(({ name }) => name === BRIDGES_TABLE);
  const firstOf = (purpose: TablePurposeId): OwnedTableRule | undefined =>
    bridges
      .flatMap(({ name, chains }) =>
        [...chains.values()].flatMap((chain) =>
          chain.rules.map((rule) => ownTableRule(name, chain.name, rule)),
        ),
      )
      .find((owned) => owned.purpose === purpose);
  return {
    userlandProxy: () => {
      const jump = firstOf('nat-jump-output');
      if (jump !== undefined) return jump.rule.text.includes(' != ');
      const translation = firstOf('dnat');
      return translation === undefined ? undefined : translation.captures.bridge !== undefined;
    },
    ip6tables: () => bridges.some(({ family }) => family === 'ipv6'),
    acceptMark: () => {
      const text = firstOf('mark-accept')?.rule.text ?? '';
      const [, mask, mark] = /^meta mark (?:& (0x[\da-f]+) == )?(0x[\da-f]+) /.exec(text) ?? [];
      // A mask of no bits lets every packet pass: whoever wrote that, it is not written again.
      if (mark === undefined || mask === '0x0') return undefined;
      return mask === undefined ? mark : `${mark}/${mask}`;
    },
    overlayByBpf: () => undefined,
  };
}
