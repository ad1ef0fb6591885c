import { declare } from '../../app/snapshot/declare.ts';
import { realDeclareHost } from '../../app/snapshot/real-declare-host.ts';
import { declaredPath } from '../../host/state/declared.ts';
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
