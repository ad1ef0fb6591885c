import type { Answers } from '../../../src/docker/inventory/inventory.ts';
import { validate } from '../../../src/generated/baseline.js';
import type { Baseline } from '../../../src/reconcile/baseline.ts';
import { EMPTY_RULESET } from '../../../src/firewall/iptables/text/model.ts';
import type { Live } from '../../../src/firewall/iptables/text/live.ts';
import { planFor } from '../../../src/reconcile/repair-plan.ts';
import { observationOf } from '../../../src/reconcile/observation.ts';
import { engineAbsent } from '../../../src/host/engine/faults.ts';
import type { Target } from './campaign.ts';
import { addedBy, consider, judged } from './consider.ts';
import { damaged, GROUNDS, storedOf, type Ground } from './hosts.ts';
import { mutateJson } from './mutate-json.ts';
import { wordOf } from './target-answers.ts';

const SEAL = {
  $schema: 'https://rulesguard.dev/schemas/baseline.schema.json',
  digest: `sha256:${'0'.repeat(64)}`,
};

const BARE: Live = {
  variant: 'nft',
  version: undefined,
  rules: { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET },
};
const known = new Map<Ground, ReadonlySet<string>>();

/** Every rule the recorded Engine requires: what a repair writes on a host without any. */
function requiredBy(ground: Ground): ReadonlySet<string> {
  const found = known.get(ground);
  if (found !== undefined) return found;
  const word = wordOf(JSON.parse(ground.answers) as Answers, ground);
  const seen = observationOf({ source: 'engine', stored: undefined }, BARE, word);
  const required = new Set(addedBy(planFor(seen, { policies: 'leave', assumeUnchanged: false })));
  known.set(ground, required);
  return required;
}

/**
 * Baselines, forged by who knows how the digest is made. Judged afresh; without an Engine nothing in them becomes more than
 * a rule of Docker's, and beside one nothing in them adds to what the Engine requires.
 */
export const BASELINES: Target = {
  name: 'baselines',
  run: (dice) => {
    const ground = dice.pick(GROUNDS);
    const forged = mutateJson(
      JSON.stringify(ground.baseline),
      JSON.stringify((dice.oneIn(4) ? dice.pick(GROUNDS) : ground).baseline),
      dice,
      { rough: 12, most: 2 },
    ) as Baseline;
    if (!validate({ ...SEAL, ...forged })) return 'refused';
    const stored = storedOf(forged, dice.oneIn(2));
    if (stored.objections.length > 0) return 'refused';
    const live = damaged(ground.recorded.host, dice);
    const planning = { policies: dice.oneIn(2) ? 'leave' : 'restore', assumeUnchanged: true } as const;
    return judged(() => {
      consider(
        observationOf({ source: 'baseline', stored }, live, {
          answered: false,
          fault: engineAbsent(['nowhere'], []),
        }),
        planning,
      );
      const word = wordOf(JSON.parse(ground.answers) as Answers, ground);
      const beside = consider(observationOf({ source: 'both', stored }, live, word), planning);
      const required = requiredBy(ground);
      const more = addedBy(beside).filter((rule) => !required.has(rule));
      if (more.length > 0) throw new Error(`a baseline widens what the Engine requires\n${more.join('\n')}`);
    });
  },
};
