import type { TablePlan } from '../../firewall/nftables/plan/plan.ts';
import { renderTablePlan } from '../../firewall/nftables/plan/render.ts';
import { tableName } from '../../firewall/nftables/tables/print.ts';
import { FAMILIES } from '../../net/family.ts';
import { count, printable, type Paint } from '../text.ts';

/** The plans for Docker's own tables in words: how much is done where, together or not at all. */
export const tablePlansText = (plans: readonly TablePlan[], paint: Paint): string =>
  plans
    .map((plan) =>
      plan.refused === undefined
        ? `${paint('bold', tableName(plan))}  ${count(plan.edits.length, 'step')}, together or not at all\n`
        : `${paint('yellow', 'left out')}  ${tableName(plan)}: ${printable(plan.refused)}\n`,
    )
    .join('');

/** The transactions of plans, latin1. A comment line names the command for each family's; nft skips it. */
export const tablePlansInput = (plans: readonly TablePlan[]): string =>
  FAMILIES.map((family) => {
    const text = plans
      .filter((plan) => plan.family === family)
      .map(renderTablePlan)
      .join('');
    return text === '' ? '' : `# ${family}: nft -f\n${text}`;
  }).join('');
