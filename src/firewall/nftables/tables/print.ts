import { NFT_FAMILY } from '../../../net/family.ts';
import type { NftBase, NftRule, NftTable } from './model.ts';

/** `ip docker-bridges` */
export const tableName = ({ family, name }: Pick<NftTable, 'family' | 'name'>): string =>
  `${NFT_FAMILY[family]} ${name}`;

/** `"br0" : jump …`, or one element of a set. @param value - '' in a set */
export const elementText = (key: string, value: string): string =>
  value === '' ? key : `"${key}" : ${value}`;

/**
 * A table as `nft -sa list table` lists it, as far as packets are concerned: for who follows packets through tables that are not loaded.
 *
 * @param textOf - how a rule reads that holds what is not understood here
 */
export function printNftTable(table: NftTable, textOf: (rule: NftRule) => string): string {
  const holder = (
    kind: string,
    { name, type }: { readonly name: string; readonly type: string },
    elements: readonly string[],
  ): readonly string[] => [
    `\t${kind} ${name} {`,
    `\t\t${type.startsWith('typeof ') ? type : `type ${type}`}`,
    ...(elements.length === 0 ? [] : [`\t\telements = { ${elements.join(', ')} }`]),
    '\t}',
  ];
  const lines = [
    `table ${tableName(table)} {`,
    ...[...table.maps.values()].flatMap((map) =>
      holder(
        'map',
        map,
        [...map.elements].map(([key, value]) => `"${key}" : ${value}`),
      ),
    ),
    ...[...table.sets.values()].flatMap((set) => holder('set', set, set.elements)),
    ...[...table.chains.values()].flatMap(({ name, base, rules }) => [
      `\tchain ${name} {`,
      ...(base === undefined ? [] : [`\t\t${hookOf(base)}`]),
      ...rules.map((rule) => `\t\t${lineOf(rule, textOf)}`),
      '\t}',
    ]),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

const hookOf = ({ type, hook, priority, policy }: NftBase): string =>
  `type ${type} hook ${hook} priority ${String(priority)}; policy ${policy};`;

function lineOf(rule: NftRule, textOf: (rule: NftRule) => string): string {
  const text = rule.statements.some(({ is }) => is === 'foreign') ? textOf(rule) : rule.text;
  return rule.handle === undefined ? text : `${text} # handle ${String(rule.handle)}`;
}
