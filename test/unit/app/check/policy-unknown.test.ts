import { expect, test } from 'vitest';
import { reach } from '../../../../src/app/reach/reach.ts';
import { reportOf } from '../../../../src/app/check/check.ts';
import { diagnose } from '../../../../src/doctor/diagnose.ts';
import { reachJson } from '../../../../src/report/reach/json.ts';
import { reachText } from '../../../../src/report/reach/text.ts';
import { checkText } from '../../../../src/report/check/text.ts';
import { paintWith } from '../../../../src/report/text.ts';
import type { Notice } from '../../../../src/reconcile/notices.ts';
import { checked, memoryCheckHost } from '../../../support/app/checked.ts';
import { memoryReachHost } from '../../../support/app/memory-reach-host.ts';
import { healthyFacts } from '../../../support/doctor/host-facts.ts';
import { withPolicy } from '../../../support/app/edit-rules.ts';
import { recordedHost } from '../../../support/recorded/observation.ts';

const RECORDED = recordedHost('engine-26.1-plain');
const answering = {
  askEngine: () => Promise.resolve(RECORDED.reply),
  askAnyEngine: () => Promise.resolve(RECORDED.reply),
};
const OPEN = withPolicy(RECORDED.live.rules, 'ipv4', 'ACCEPT');
const plain = paintWith(false);
const LINE = "FORWARD's policy is ACCEPT (ipv4); without a baseline nobody knows whether Docker set DROP";

test('check says once that the policy is not known, where an Engine up to 27 has no baseline', async () => {
  const notices: Notice[] = [];
  const told = async (rules: typeof OPEN, stored: null | undefined) =>
    checkText(
      reportOf(
        await checked(memoryCheckHost(rules, answering), {
          notices,
          ...(stored === null ? { stored } : { stored: RECORDED.stored }),
        }),
      ),
      plain,
      'screen',
    );
  expect(await told(OPEN, null)).toContain(LINE);
  expect(notices.filter(({ kind }) => kind === 'policy-unknown')).toEqual([]);
  expect(await told(OPEN, undefined)).not.toContain(LINE);
  expect(await told(withPolicy(OPEN, 'ipv4', 'DROP'), null)).not.toContain(LINE);
});

test('reach says it in its text and its document', async () => {
  const reached = await reach(memoryReachHost(OPEN, answering), {}, () => undefined);
  expect(reachText(reached, plain, { all: false })).toContain(LINE);
  expect(reachJson(reached, { all: false })).toMatchObject({ policyUnknown: ['ipv4'] });
});

test('doctor warns of it', () => {
  const { checks, verdict } = diagnose(
    { ...healthyFacts(), policyUnknown: ['ipv4'] },
    { about: undefined, from: '' },
  );
  expect(verdict).toBe('ok');
  expect(checks.find(({ code }) => code === 'policy-unknown')).toMatchObject({
    verdict: 'warn',
    remedies: [{ what: 'when all is well, record it: rulesguard snapshot', commands: [] }],
  });
});
