import { describe, expect, test } from 'vitest';
import { campaign, SECONDS, type Target } from '../support/fuzz/campaign.ts';
import { ENGINE_ANSWERS } from '../support/fuzz/target-answers.ts';
import { BASELINES } from '../support/fuzz/target-baselines.ts';
import { LISTINGS_OF_NFT } from '../support/fuzz/target-listings.ts';
import { PENDING } from '../support/fuzz/target-pending.ts';
import { PLANS } from '../support/fuzz/target-plans.ts';
import { SAVES } from '../support/fuzz/target-saves.ts';

const TARGETS: readonly Target[] = [ENGINE_ANSWERS, BASELINES, PLANS, PENDING, SAVES, LISTINGS_OF_NFT];

describe('inputs from outside, changed by an attacker', () => {
  test.each(TARGETS)(
    '$name: no crash, no hang, no rule beyond what it may become',
    async (target) => {
      const { inputs, past, findings } = await campaign(target);
      expect(findings).toEqual({});
      // Inputs refused at once do not test the code behind the first check, so enough others must get through; too few prove nothing.
      if (inputs > 200) expect(past / inputs).toBeGreaterThanOrEqual(0.5);
    },
    SECONDS * 1000 + 60_000,
  );
});
