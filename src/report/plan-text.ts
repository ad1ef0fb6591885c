import { FAMILIES, type Family } from '../iptables/model.ts';
import { renderInput, type Step } from '../iptables/restore-input.ts';
import type { LeftOut } from '../guard/edit.ts';
import type { Plan } from '../guard/plan.ts';
import { count, place, shortRule, type Paint } from './text.ts';

/** A step in words. */
function stepText(step: Step): string {
  switch (step.op) {
    case 'create':
      return `create chain ${step.chain}`;
    case 'remove':
      return `remove chain ${step.chain}`;
    case 'policy':
      return `set the policy of ${step.chain} to ${step.policy}`;
    case 'delete':
      return `delete from ${step.chain}: ${shortRule(step.rule.text, step.chain)}`;
    case 'append':
      return `append to ${step.chain}: ${shortRule(step.rule.text, step.chain)}`;
    case 'insert':
      return `insert into ${step.chain} at ${String(step.position)}: ${shortRule(step.rule.text, step.chain)}`;
    default:
      return step satisfies never;
  }
}

/** How many steps a plan has. */
export function countSteps(plan: Plan): number {
  return FAMILIES.flatMap((family) => plan.families[family].tables).reduce(
    (sum, { steps }) => sum + steps.length,
    0,
  );
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

/** What was not put back, and why. */
export function leftOutLines(leftOut: readonly LeftOut[], paint: Paint): readonly string[] {
  return leftOut.map(
    (left) =>
      `${paint('yellow', 'left out')}  ${place(left)}  ${shortRule(left.rule, left.chain)}: ${left.reason}`,
  );
}

const TOOLS: Readonly<Record<Family, string>> = { ipv4: 'iptables', ipv6: 'ip6tables' };

/**
 * The restore input of a plan, latin1. Comment lines name the command for each part; the tools skip them.
 *
 * @param backend - `nft` or `legacy`, for the command's name
 */
export function planInput(plan: Plan, backend: string): string {
  return FAMILIES.map((family) => {
    const { text } = renderInput(plan.families[family]);
    return text === ''
      ? ''
      : `# ${family}: ${TOOLS[family]}-${backend}-restore --noflush --counters\n${text}`;
  }).join('');
}
