import { ownTableRule } from '../../firewall/nftables/ownership/ownership.ts';
import type { TablePurposeId } from '../../firewall/nftables/ownership/purpose.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { tableName } from '../../firewall/nftables/tables/print.ts';
import type { Finding } from '../finding.ts';

/**
 * Tables that an Engine wrote and none writes any more: with the firewall backend iptables, or with IPv6 switched off. A start of dockerd leaves
 * those of a family that it does not write (docs/reference/docker-nftables.md#tables-that-are-left).
 *
 * @param since - from when they are left, as an end of the sentence
 */
export const leftTables = (tables: readonly NftTable[], since: string): readonly Finding[] =>
  tables.map((table) => {
    const does = deedsOf(table);
    const others = foreignIn(table);
    return {
      ...{ kind: 'orphan', severity: 'notice', family: table.family, table: table.name, chain: '' },
      consequence: [
        `left from ${since}: Docker does not keep it up to date`,
        does.length === 0 ? 'it does nothing to packets' : `it still ${does.join(', ')}`,
        ...(others === 0 ? [] : [`it also holds ${String(others)} rules that are not Docker's`]),
        `to take it out: ${deleteCommand(table)}`,
      ].join('; '),
    };
  });

/** What takes a table out, as somebody types it. */
export const deleteCommand = (table: NftTable): string => `nft delete table ${tableName(table)}`;

/** What rules of some purposes do to packets, with how many there are. */
const DEEDS: readonly (readonly [purposes: readonly TablePurposeId[], words: (number: number) => string])[] =
  [
    [['dnat'], (number) => `leads ${counted(number, 'published port')} to containers' old addresses`],
    [['raw-endpoint'], (number) => `closes ${counted(number, 'address')}`],
    [['masquerade', 'snat'], (number) => `hides what leaves ${counted(number, 'network')} behind this host`],
    [['unpublished-drop'], (number) => `closes the unpublished ports of ${counted(number, 'network')}`],
  ];

const PLURALS: Readonly<Record<string, string>> = { address: 'addresses' };
const counted = (number: number, one: string): string =>
  number === 1 ? `1 ${one}` : `${String(number)} ${PLURALS[one] ?? `${one}s`}`;

const ownedIn = (table: NftTable) =>
  [...table.chains.values()].flatMap(({ name, rules }) =>
    rules.map((rule) => ownTableRule(table.name, name, rule)),
  );

function deedsOf(table: NftTable): readonly string[] {
  const owned = ownedIn(table);
  return DEEDS.flatMap(([purposes, words]) => {
    const number = owned.filter(({ purpose }) => purpose !== undefined && purposes.includes(purpose)).length;
    return number === 0 ? [] : [words(number)];
  });
}

const foreignIn = (table: NftTable): number =>
  ownedIn(table).filter(({ purpose }) => purpose === undefined).length;
