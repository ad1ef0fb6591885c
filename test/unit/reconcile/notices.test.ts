import { expect, test } from 'vitest';
import { noticesOf } from '../../../src/reconcile/notices.ts';
import { observationOf } from '../../../src/reconcile/observation.ts';
import type { Reference } from '../../../src/reconcile/reference.ts';
import { noticeText } from '../../../src/report/notice-text.ts';
import { withPolicy } from '../../support/app/edit-rules.ts';
import { observedTables } from '../../support/nftables/observed.ts';
import { liveOf, recordedHost } from '../../support/recorded/observation.ts';

/** What is noted about a recorded host whose FORWARD has a policy. */
function noted(name: string, policy: 'ACCEPT' | 'DROP', baseline: 'own' | 'none'): readonly string[] {
  const { live, reply, stored } = recordedHost(name);
  const reference: Reference = { source: 'both', stored: baseline === 'own' ? stored : undefined };
  const rules = withPolicy(live.rules, 'ipv4', policy);
  return noticesOf(reference, observationOf(reference, liveOf(rules), reply)).map(noticeText);
}

const NOTE =
  'note: the policy of FORWARD is ACCEPT (ipv4); whether Docker had set it to DROP is not known without a baseline';

test.each([
  ['engine-26.1', 'ACCEPT', 'none', [NOTE]],
  ['engine-20.10', 'ACCEPT', 'none', [NOTE]],
  ['engine-26.1', 'DROP', 'none', []],
  // There it is a finding.
  ['engine-26.1', 'ACCEPT', 'own', []],
  // Its rules close what is not published by themselves.
  ['engine-28.5', 'ACCEPT', 'none', []],
] as const)('%s, policy %s, baseline %s', (name, policy, baseline, notes) => {
  expect(noted(name, policy, baseline)).toEqual(notes);
});

test('what is declared is said not to be in force where Docker writes with nftables', () => {
  const declared = { ipv4: { rules: [], closesForward: true } };
  const told = (reference: Reference) => noticesOf(reference, observedTables('plain')).map(noticeText);
  expect(told({ source: 'both', stored: undefined, declared })).toEqual([
    expect.stringContaining('is not in force'),
  ]);
  expect(told({ source: 'both', stored: undefined, declared: {} })).toEqual([]);
});
