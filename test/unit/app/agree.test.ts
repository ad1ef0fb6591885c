import { expect, test } from 'vitest';
import { agreeHost } from '../../support/agree/host.ts';
import { AGREE_STATES } from '../../support/agree/states.ts';
import { askBoth, disagreements } from '../../support/agree/verdicts.ts';
import { without } from '../../support/app/edit-rules.ts';

test.each(Object.entries(AGREE_STATES))('check and doctor say the same: %s', async (_, change) => {
  expect(disagreements(await askBoth(agreeHost('engine-28.5-modes', change)))).toEqual([]);
});

test.each(['20.10', '26.1'])(
  "Engine %s: Docker's RETURN lost from DOCKER-USER is a notice of both",
  async (era) => {
    const host = agreeHost(`engine-${era}-plain`, (netState) => ({
      ...netState,
      rulesets: netState.rulesets.map(({ variant, rules }) => ({
        variant,
        rules: without(rules, 'ipv4', 'filter', /-A DOCKER-USER -j RETURN/),
      })),
    }));
    const { check, doctor } = await askBoth(host);
    expect(check.verdict).toMatchObject({ state: 'intact', exit: 0 });
    expect(check.observation.findings.map(({ rule }) => rule)).toContain('-A DOCKER-USER -j RETURN');
    expect(doctor.exit).toBe(0);
    expect(doctor.diagnosis.checks.find(({ code }) => code === 'rules-lost')).toMatchObject({
      verdict: 'warn',
    });
  },
);
