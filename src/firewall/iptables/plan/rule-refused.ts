import { Fault } from '../../../fault.ts';
import type { Family } from '../../../net/family.ts';

/** The tool refused one rule in the rehearsal: without that rule the rest may load. */
export class RuleRefused extends Fault {
  readonly family: Family;
  readonly table: string;
  readonly rule: string;
  /** The tool's own message. */
  readonly said: string;

  constructor(family: Family, table: string, rule: string, said: string, fault: Fault) {
    super(fault.code, fault.exit, fault.message, { details: fault.details, hint: fault.hint ?? '' });
    [this.family, this.table, this.rule, this.said] = [family, table, rule, said];
  }
}
