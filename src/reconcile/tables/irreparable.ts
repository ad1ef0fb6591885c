import { tableName } from '../../firewall/nftables/tables/print.ts';
import { plansFor, type TablesSide } from './side.ts';

/** Why a restore would change none of Docker's tables though something of them is lost; undefined where it has something to do. */
export function irreparableTables(side: TablesSide): readonly string[] | undefined {
  const plans = plansFor(side);
  if (plans.some(({ edits }) => edits.length > 0)) return undefined;
  return plans.flatMap((plan) =>
    plan.refused === undefined ? [] : [`table ${tableName(plan)}: ${plan.refused}`],
  );
}
