import { FAMILIES } from '../../../src/net/family.ts';
import { validate } from '../../../src/generated/plan.js';
import { loadPlan, storePlan } from '../../../src/firewall/iptables/plan/plan-json.ts';
import { simulatePlan } from '../../../src/firewall/iptables/plan/simulate-plan.ts';
import { renderInput } from '../../../src/firewall/iptables/text/restore-input.ts';
import { planText } from '../../../src/report/plan-text.ts';
import { paintWith } from '../../../src/report/text.ts';
import { engineAbsent } from '../../../src/host/engine/faults.ts';
import { observationOf } from '../../../src/reconcile/observation.ts';
import type { PlanFile } from '../../../src/host/state/plan-file.ts';
import { planFor } from '../../../src/reconcile/repair-plan.ts';
import type { Target } from './campaign.ts';
import { judged } from './consider.ts';
import { damaged, GROUNDS, storedOf } from './hosts.ts';
import { mutateJson } from './mutate-json.ts';
import { expectQuiet } from './quiet.ts';

const SEAL = {
  $schema: 'https://rulesguard.dev/schemas/plan.schema.json',
  digest: `sha256:${'0'.repeat(64)}`,
};

/** Plans, forged: read, told, simulated and rendered, one line a step. What they may touch is asked of the built program. */
export const PLANS: Target = {
  name: 'plans',
  run: (dice) => {
    const { recorded, baseline } = dice.pick(GROUNDS);
    const live = damaged(recorded.host, dice);
    const word = { answered: false, fault: engineAbsent(['nowhere'], []) } as const;
    const seen = observationOf({ source: 'baseline', stored: storedOf(baseline) }, live, word);
    const file: Omit<PlanFile, never> = {
      ...{ version: 1, created: baseline.created, host: 'lab', variant: 'nft', source: 'baseline' },
      baseline: `sha256:${'1'.repeat(64)}`,
      live: `sha256:${'2'.repeat(64)}`,
      ...storePlan(planFor(seen, { policies: 'restore', assumeUnchanged: true })),
    };
    const forged = mutateJson(JSON.stringify(file), JSON.stringify(file), dice, {
      rough: 3,
      most: 3,
    }) as PlanFile;
    if (!validate({ ...SEAL, ...forged })) return 'refused';
    return judged(() => {
      const plan = loadPlan(forged);
      expectQuiet('a plan', planText(plan, paintWith(false)));
      for (const family of FAMILIES) {
        const { text, origins } = renderInput(plan.families[family]);
        if (text !== '' && text.split('\n').length !== origins.length + 1)
          throw new Error('a step is more than one line of the restore input');
      }
      simulatePlan(plan, live.rules);
    });
  },
};
