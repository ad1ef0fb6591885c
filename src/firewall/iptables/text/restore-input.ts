import { Fault } from '../../../fault.ts';
import { LINE_LIMIT } from './lines.ts';
import { rulespecOf, type Rule } from './model.ts';

/**
 * One line given to `iptables-restore --noflush --counters`.
 * `create` is `-N`, never `:CHAIN - [0:0]`: the latter empties a chain that exists, `-N` makes the whole table fail instead
 * (measured, 1.8.9, both variants), so a chain that dockerd created meanwhile is never flushed.
 */
export type Step =
  | { readonly op: 'create'; readonly chain: string }
  | { readonly op: 'remove'; readonly chain: string }
  | { readonly op: 'policy'; readonly chain: string; readonly policy: string; readonly counters: string }
  | { readonly op: 'delete'; readonly chain: string; readonly rule: Rule }
  | { readonly op: 'append'; readonly chain: string; readonly rule: Rule }
  /** `position` counts from 1, at the moment the line is read. */
  | { readonly op: 'insert'; readonly chain: string; readonly position: number; readonly rule: Rule };

/** The steps of one table: applied together or not at all. */
export interface TableInput {
  readonly table: string;
  readonly steps: readonly Step[];
}

/** What one run of iptables-restore is given, tables in the order they are committed. */
export interface RestoreInput {
  readonly tables: readonly TableInput[];
}

/** Where a line of the restore input came from. */
export interface StepOrigin {
  readonly table: string;
  /** Absent for the `*table` and `COMMIT` lines: nft names the COMMIT line when a jump target is missing. */
  readonly step?: Step;
}

export interface RenderedInput {
  readonly text: string;
  /** `origins[n - 1]` is what line n of the text came from. */
  readonly origins: readonly StepOrigin[];
}

const counted = (rule: Rule, line: string): string =>
  rule.counters === '' ? line : `[${rule.counters}] ${line}`;

/** A step as the line that iptables-restore reads. */
export function renderStep(step: Step): string {
  switch (step.op) {
    case 'create':
      return `-N ${step.chain}`;
    case 'remove':
      return `-X ${step.chain}`;
    case 'policy':
      return `:${step.chain} ${step.policy} [${step.counters === '' ? '0:0' : step.counters}]`;
    case 'delete':
      // Restore refuses counters before -D.
      return `-D ${step.chain} ${rulespecOf(step.rule)}`;
    case 'append':
      return counted(step.rule, step.rule.text);
    case 'insert':
      return counted(step.rule, `-I ${step.chain} ${String(step.position)} ${rulespecOf(step.rule)}`);
    default:
      return step satisfies never;
  }
}

/**
 * The text for `iptables-restore --noflush --counters`, and the map from its lines back to the steps, because the tool's
 * errors name lines. Tables without steps are left out; no steps at all is the empty string.
 *
 * @throws Fault RG_PLAN for a step that restore would not read as one line
 */
export function renderInput(input: RestoreInput): RenderedInput {
  const lines: string[] = [];
  const origins: StepOrigin[] = [];
  const push = (line: string, origin: StepOrigin): void => {
    if (line.includes('\n') || line.length > LINE_LIMIT) {
      throw new Fault(
        'RG_PLAN',
        3,
        `a rule of table ${origin.table} cannot be given to iptables-restore as one line`,
        {
          details: [line],
        },
      );
    }
    lines.push(line);
    origins.push(origin);
  };
  for (const { table, steps } of input.tables) {
    if (steps.length === 0) continue;
    push(`*${table}`, { table });
    for (const step of steps) push(renderStep(step), { table, step });
    push('COMMIT', { table });
  }
  return { text: lines.length === 0 ? '' : `${lines.join('\n')}\n`, origins };
}
