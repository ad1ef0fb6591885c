import { declare } from '../../app/snapshot/declare.ts';
import { declareTables } from '../../app/snapshot/declare-tables.ts';
import { realDeclareHost, realDeclareTablesHost } from '../../app/snapshot/real-declare-host.ts';
import { declaredPath, declaredTablesPath } from '../../host/state/declared.ts';
import { declaredTablesDiff, declaredTablesText } from '../../report/declared-tables-text.ts';
import { declaredDiff, declaredText, leftBeText } from '../../report/declared-text.ts';
import type { Context, Exit } from '../context.ts';

/** `rulesguard snapshot --declare`: what is in DOCKER-USER is held from now on. Exit 1 where it would replace what is declared. */
export async function runDeclare(replaces: boolean, context: Context): Promise<Exit> {
  const { print, paint, log } = context;
  const { outcome, families, leftBe } = await declare(realDeclareHost(context), replaces);
  for (const { why, ...rule } of leftBe) log.warn(leftBeText(rule, why));
  const paths = families.map(({ family }) => declaredPath(family));
  print(`${declaredDiff(families)}${declaredText(outcome, families, paths, paint)}`);
  return outcome === 'unwritten' ? 1 : 0;
}

/** `rulesguard snapshot --declare --table 'inet close'`: these tables are held from now on. Exit 1 where it would replace what is declared. */
export async function runDeclareTables(
  names: readonly string[],
  replaces: boolean,
  context: Context,
): Promise<Exit> {
  const { outcome, tables } = await declareTables(realDeclareTablesHost(context), names, replaces);
  context.print(
    `${declaredTablesDiff(tables)}${declaredTablesText(outcome, tables, declaredTablesPath(), context.paint)}`,
  );
  return outcome === 'unwritten' ? 1 : 0;
}
