import { describe, expect, test } from 'vitest';
import { check } from '../../../../src/app/check/check.ts';
import { openKnown, readPresentState } from '../../../../src/app/snapshot/present-state.ts';
import { agreeHost, type AgreeHost } from '../../../support/agree/host.ts';
import { AGREE_STATES } from '../../../support/agree/states.ts';
import { without } from '../../../support/app/edit-rules.ts';

const silent = (): void => undefined;

/** What check calls the host, and whether a snapshot is refused. */
async function asked(host: AgreeHost) {
  const { verdict } = await check(host, host.baselines, { baseline: undefined, source: 'both' }, silent);
  const { known } = await openKnown(
    { list: () => Promise.resolve(['000001']), open: host.baselines.open },
    silent,
  );
  const { reasons } = await readPresentState(host, known);
  return { damaged: verdict.state === 'damaged', refused: reasons.length > 0 };
}

describe('a snapshot is refused where check says DAMAGED, and nowhere else', () => {
  test.each(Object.entries(AGREE_STATES))('%s', async (_, change) => {
    const { damaged, refused } = await asked(agreeHost('engine-28.5-modes', change));
    expect(refused).toBe(damaged);
  });

  test.each(['20.10', '26.1'])("Engine %s, Docker's RETURN lost from DOCKER-USER", async (era) => {
    const host = agreeHost(`engine-${era}-plain`, (netState) => ({
      ...netState,
      rulesets: netState.rulesets.map(({ variant, rules }) => ({
        variant,
        rules: without(rules, 'ipv4', 'filter', /-A DOCKER-USER -j RETURN/),
      })),
    }));
    expect(await asked(host)).toEqual({ damaged: false, refused: false });
  });
});
