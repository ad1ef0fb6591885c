import { Fault } from '../../fault.ts';
import type { StoredPlan } from '../../firewall/iptables/plan/plan-json.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import type { ReferenceSource } from '../../reconcile/reference.ts';
import { validate } from '../../generated/plan.js';
import { readSealed, writeSealed, type Refuse } from '../files/sealed.ts';

/** A plan on its way from review to apply. `schemas/plan.schema.json` describes it. */
export interface PlanFile extends StoredPlan {
  readonly version: 1;
  readonly created: string;
  readonly host: string;
  readonly variant: Variant;
  /** Digest of the baseline it was made from; null when there was none. */
  readonly baseline: string | null;
  readonly source: ReferenceSource;
  /** Digest of the live rules it was made for. */
  readonly live: string;
  /** Where Docker writes with nftables: the transactions for `nft -f`, one for each family. */
  readonly tables?: readonly string[];
}

const SCHEMA = 'https://rulesguard.dev/schemas/plan.schema.json';

/** Writes a plan for review. */
export async function writePlanFile(path: string, plan: PlanFile): Promise<void> {
  await writeSealed(path, SCHEMA, plan, 2);
}

/**
 * Reads a reviewed plan back: the file must be root's, fit its schema and its digest.
 *
 * @throws Fault RG_UNSAFE_FILE or RG_PLAN
 */
export async function readPlanFile(path: string): Promise<PlanFile> {
  const refuse: Refuse = (message, details = []) => {
    throw new Fault('RG_PLAN', 3, `the plan ${path} is not used: ${message}`, {
      details,
      hint: `Make it again: rulesguard restore --plan-out ${path}`,
    });
  };
  return (await readSealed(path, 'plan', validate, refuse)).content as PlanFile;
}
