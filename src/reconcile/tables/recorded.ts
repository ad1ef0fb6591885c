import type { EngineReply } from '../../docker/engine-reply.ts';
import type { NftRule, NftTable } from '../../firewall/nftables/tables/model.ts';
import { elementText, tableName } from '../../firewall/nftables/tables/print.ts';
import type { TableDrift } from '../../firewall/nftables/compare/drift.ts';
import { ownTableRule } from '../../firewall/nftables/ownership/ownership.ts';
import { purposeOf } from '../../firewall/nftables/ownership/purpose.ts';
import type { StoredBaseline } from '../stored-baseline.ts';
import type { TableRuleName } from './tables-baseline.ts';

/** Tables without those of their rules that a judgement turns down. */
export const filterRules = (
  tables: readonly NftTable[],
  keeps: (rule: NftRule, table: NftTable, chain: string) => boolean,
): readonly NftTable[] =>
  tables.map((table) => ({
    ...table,
    chains: new Map(
      [...table.chains].map(([name, chain]) => [
        name,
        { ...chain, rules: chain.rules.filter((rule) => keeps(rule, table, name)) },
      ]),
    ),
  }));

/** Tables without what `--force` recorded as missing. */
export function withoutAccepted(
  tables: readonly NftTable[],
  accepted: readonly TableRuleName[],
): readonly NftTable[] {
  if (accepted.length === 0) return tables;
  const meant = new Set(accepted.map(keyOf));
  const isMeant = (table: NftTable, chain: string, rule: string): boolean =>
    meant.has(keyOf({ table: tableName(table), chain, rule }));
  return filterRules(tables, ({ text }, table, chain) => !isMeant(table, chain, text)).map((table) => ({
    ...table,
    maps: new Map(
      [...table.maps].map(([name, map]) => [
        name,
        {
          ...map,
          elements: new Map(
            [...map.elements].filter(([key, value]) => !isMeant(table, name, elementText(key, value))),
          ),
        },
      ]),
    ),
  }));
}

const keyOf = ({ table, chain, rule }: TableRuleName): string => `${table} ${chain} ${rule}`;

/** What is missing, by name: to be recorded as meant. */
export const missingIn = (drifts: readonly TableDrift[]): readonly TableRuleName[] =>
  drifts.flatMap((drift) => {
    const table = tableName(drift);
    return [
      ...drift.chains.flatMap(({ name: chain, missing }) =>
        missing.map(({ text }) => ({ table, chain, rule: text })),
      ),
      ...[...drift.maps, ...drift.sets].flatMap(({ name: chain, missing }) =>
        [...missing].map(([key, value]) => ({ table, chain, rule: elementText(key, value) })),
      ),
    ];
  });

/**
 * What an Engine requires, as far as it was recorded: a baseline never lets in more than the Engine does, and what is about an address or a
 * bridge that is gone is not required any more.
 */
export function recordedOf(
  required: readonly NftTable[],
  recorded: readonly NftTable[],
): readonly NftTable[] {
  const known = new Map(recorded.map((table) => [tableName(table), table]));
  const isRecorded = ({ key }: NftRule, table: NftTable, chain: string): boolean =>
    known
      .get(tableName(table))
      ?.chains.get(chain)
      ?.rules.some((rule) => rule.key === key) === true;
  return filterRules(
    required.filter((table) => known.has(tableName(table))),
    isRecorded,
  ).map((table) => {
    const held = known.get(tableName(table));
    return {
      ...table,
      chains: new Map([...table.chains].filter(([name]) => held?.chains.has(name))),
      maps: new Map(
        [...table.maps].map(([name, map]) => [
          name,
          {
            ...map,
            elements: new Map([...map.elements].filter(([key]) => held?.maps.get(name)?.elements.has(key))),
          },
        ]),
      ),
    };
  });
}

/**
 * Recorded tables as far as they may be written while no Engine answers: what hangs on a container is left out unless it is there, since
 * its address may be another container's by now.
 */
export function vouchedFor(recorded: readonly NftTable[], live: readonly NftTable[]): readonly NftTable[] {
  const present = new Set(
    live.flatMap((table) =>
      [...table.chains.values()].flatMap(({ name, rules }) =>
        rules.map(({ key }) => `${tableName(table)} ${name} ${key}`),
      ),
    ),
  );
  return filterRules(
    recorded,
    (rule, table, chain) =>
      !hangsOnContainer(table.name, chain, rule) || present.has(`${tableName(table)} ${chain} ${rule.key}`),
  );
}

/** Whether a rule of Docker's is about one container. */
function hangsOnContainer(table: string, chain: string, rule: NftRule): boolean {
  const { purpose } = ownTableRule(table, chain, rule);
  return purpose !== undefined && purposeOf(purpose).level === 'endpoint';
}

/**
 * Drifts found while no Engine answers: nothing says what is surplus. What came since may be a container's or a network's of today.
 */
export const withoutUnknown = (drifts: readonly TableDrift[]): readonly TableDrift[] =>
  drifts
    .map((drift) => ({
      ...drift,
      chains: drift.chains
        .map((chain) => ({
          ...chain,
          surplus: chain.surplus.filter(({ is }) => is === 'misplaced' || is === 'duplicate'),
        }))
        .filter(
          ({ live, isRehooked, missing, surplus, foreign }) =>
            live === undefined || isRehooked || missing.length + surplus.length + foreign.length > 0,
        ),
      maps: drift.maps.map(withoutLeftovers).filter(isElementsDrift),
      sets: drift.sets.map(withoutLeftovers).filter(isElementsDrift),
      strays: drift.strays.filter(({ owner }) => owner === 'foreign'),
    }))
    .filter(
      ({ live, chains, maps, sets, strays }) =>
        live === undefined || chains.length + maps.length + sets.length + strays.length > 0,
    );

type HeldElements = TableDrift['maps'][number];

const withoutLeftovers = (held: HeldElements): HeldElements => ({
  ...held,
  strays: held.strays.filter(({ owner }) => owner === 'foreign'),
});

const isElementsDrift = ({ exists, isRetyped, missing, wrong, strays }: HeldElements): boolean =>
  !exists || isRetyped || missing.size + wrong.length + strays.length > 0;

/** Whether a reply leaves nothing but a baseline to go by, and that baseline holds Docker's tables. */
export const goesByRecordedTables = (
  stored: StoredBaseline | undefined,
  engine: Pick<EngineReply, 'answered'>,
): stored is StoredBaseline & { readonly tables: readonly NftTable[] } =>
  !engine.answered && stored?.tables !== undefined;
