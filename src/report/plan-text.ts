import type { Variant } from '../firewall/iptables/text/model.ts';
import { toolName } from '../firewall/iptables/text/tools.ts';
import { FAMILIES } from '../net/family.ts';
import { renderInput, type Step } from '../firewall/iptables/text/restore-input.ts';
import type { LeftOut } from '../firewall/iptables/plan/edit.ts';
import type { Plan } from '../firewall/iptables/plan/plan.ts';
import { count, place, printable, shortRule, type Paint } from './text.ts';

/** A step in words. */
function stepText(step: Step): string {
  // A plan may come from a file, so the names of its chains are not trusted.
  const chain = printable(step.chain);
  switch (step.op) {
    case 'create':
      return `create chain ${chain}`;
    case 'remove':
      return `remove chain ${chain}`;
    case 'policy':
      return `set the policy of ${chain} to ${step.policy}`;
    case 'delete':
      return `delete from ${chain}: ${shortRule(step.rule.text, step.chain)}`;
    case 'append':
      return `append to ${chain}: ${shortRule(step.rule.text, step.chain)}`;
    case 'insert':
      return `insert into ${chain} at ${String(step.position)}: ${shortRule(step.rule.text, step.chain)}`;
    default:
      return step satisfies never;
  }
}

/** The plan in words, table by table in the order they are committed. */
export function planText(plan: Plan, paint: Paint): string {
  const lines: string[] = [];
  for (const family of FAMILIES) {
    for (const { table, steps } of plan.families[family].tables) {
      lines.push(
        paint('bold', `${family} ${table}`) + `  ${count(steps.length, 'step')}, together or not at all`,
      );
      for (const step of steps) lines.push(`  ${stepText(step)}`);
    }
  }
  lines.push(...leftOutLines(plan.leftOut, paint));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** What was not restored, and why. */
export function leftOutLines(leftOut: readonly LeftOut[], paint: Paint): readonly string[] {
  return leftOut.map(
    (left) =>
      `${paint('yellow', 'left out')}  ${place(left)}  ${shortRule(left.rule, left.chain)}: ${left.reason}`,
  );
}

/**
 * The restore input of a plan, latin1. Comment lines name the command for each part; the tools skip them.
 *
 * @param variant - `nft` or `legacy`, for the command's name
 */
export function planInput(plan: Plan, variant: Variant): string {
  return FAMILIES.map((family) => {
    const { text } = renderInput(plan.families[family]);
    return text === ''
      ? ''
      : `# ${family}: ${toolName(family, variant, 'restore')} --noflush --counters\n${text}`;
  }).join('');
}
