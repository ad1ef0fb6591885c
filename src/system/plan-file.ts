import { Fault } from '../fault.ts';
import type { StoredPlan } from '../guard/plan-json.ts';
import type { Backend } from '../iptables/model.ts';
import { validate as validatePlan } from '../generated/plan.js';
import { digestOf } from './digest.ts';
import { readTrusted, writeAtomically } from './files.ts';

/** A plan on its way from review to apply. `schemas/plan.schema.json` describes it. */
export interface PlanFile extends StoredPlan {
  readonly version: 1;
  readonly created: string;
  readonly host: string;
  readonly backend: Backend;
  /** Digest of the baseline it was made from. */
  readonly baseline: string;
  /** Digest of the live rules it was made for. */
  readonly live: string;
}

const SCHEMA = 'https://rulesguard.dev/schemas/plan.schema.json';

/** Writes a plan for review. */
export async function writePlanFile(path: string, plan: PlanFile): Promise<void> {
  await writeAtomically(
    path,
    `${JSON.stringify({ $schema: SCHEMA, digest: digestOf(JSON.stringify(plan)), ...plan }, undefined, 2)}\n`,
  );
}

/**
 * Reads a reviewed plan back: the file must be root's, fit its schema and its digest.
 *
 * @throws Fault RG_UNSAFE_FILE or RG_PLAN
 */
export async function readPlanFile(path: string): Promise<PlanFile> {
  const refuse = (message: string, details: readonly string[] = []): never => {
    throw new Fault('RG_PLAN', 3, `the plan ${path} is not used: ${message}`, {
      details,
      hint: `Make it anew: rulesguard restore --plan-out ${path}`,
    });
  };
  const text = await readTrusted(path, 'plan');
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    refuse('it is no JSON');
  }
  if (!validatePlan(document))
    return refuse(
      'it does not fit its schema',
      (validatePlan.errors ?? [])
        .slice(0, 5)
        .map((error) => `${error.instancePath || '/'} ${error.message ?? ''}`),
    );
  const {
    $schema: _,
    digest,
    ...plan
  } = document as PlanFile & { readonly $schema: string; readonly digest: string };
  if (digestOf(JSON.stringify(plan)) !== digest)
    refuse('its content does not match its digest: it was changed after it was written');
  return plan;
}
