import { describe, expect, test } from 'vitest';
import { reach } from '../../../../src/app/reach/reach.ts';
import type { HostRules } from '../../../../src/firewall/iptables/text/model.ts';
import type { Acceptance } from '../../../../src/reconcile/accept/acceptance.ts';
import { effectWords } from '../../../../src/report/check/words.ts';
import { reachText } from '../../../../src/report/reach/text.ts';
import { paintWith } from '../../../../src/report/text.ts';
import { checked, memoryCheckHost } from '../../../support/app/checked.ts';
import { diagnosed } from '../../../support/app/diagnosed.ts';
import { flushed, withRule } from '../../../support/app/edit-rules.ts';
import { WHOLE_RULES } from '../../../support/app/memory-diagnosis-host.ts';
import { memoryReachHost } from '../../../support/app/memory-reach-host.ts';

const TODAY = Date.parse('2026-11-30T12:00:00Z');
const clock = { now: () => TODAY };
const first = (text: string, rules: HostRules = WHOLE_RULES): HostRules =>
  withRule(rules, 'ipv4', 'filter', text, 'first');
const CLOSED = first('-A FORWARD -p tcp -m tcp --dport 80 -j DROP');

/** All that check finds, accepted until a day. */
async function acceptedIn(rules: HostRules, until = '2026-12-31'): Promise<readonly Acceptance[]> {
  const { verdict } = await checked(memoryCheckHost(rules, clock));
  expect(verdict.exit).toBe(1);
  return verdict.effects.map(({ id, shown, covers, rules: more = [] }) => ({
    ...{
      id,
      headline: effectWords({ shown }).headline,
      covers: [...covers, ...more],
      until,
      reason: 'ticket 4711',
    },
    ...{ accepted: '2026-11-30T10:00:00Z', by: 'sam' },
  }));
}

const diagnosedWith = (rules: HostRules, accepted: readonly Acceptance[], target?: string) =>
  diagnosed(rules, { ...clock, readAccepted: () => Promise.resolve(accepted) }, { target });

const reachedWith = (rules: HostRules, accepted: readonly Acceptance[], target?: string) =>
  reach(
    memoryReachHost(rules, { ...clock, readAccepted: () => Promise.resolve(accepted) }),
    { target },
    () => undefined,
  );

describe.each([
  ['a rule of somebody in front', CLOSED],
  ["Docker's nat lost", flushed(WHOLE_RULES)],
])('%s, accepted', (_, rules) => {
  test('is told by doctor of a whole host, and no fault of it', async () => {
    const accepted = await acceptedIn(rules);
    const { diagnosis, exit } = await diagnosedWith(rules, accepted);
    expect(diagnosis.causes).toEqual([]);
    expect(exit).toBe(0);
    const told = diagnosis.checks.filter(({ code }) => code === 'accepted');
    expect(told.map(({ title, meaning }) => [title, meaning])).toEqual(
      expect.arrayContaining(
        accepted.map(({ headline }) => ['accepted until 2026-12-31: ticket 4711', headline]),
      ),
    );
    expect((await diagnosedWith(rules, [])).exit).toBe(1);
  });

  test('who asks about the container wants to get there: exit 1', async () => {
    expect((await diagnosedWith(rules, await acceptedIn(rules), 'web')).exit).toBe(1);
  });

  test('does not count in reach, and is marked; counts for who asks about the container', async () => {
    const accepted = await acceptedIn(rules);
    const reached = await reachedWith(rules, accepted);
    expect(reached.exit).toBe(0);
    const marked = reached.cells.filter((cell) => cell.accepted !== undefined);
    expect(marked.length).toBeGreaterThan(0);
    expect(new Set(marked.map((cell) => cell.accepted?.id))).toEqual(
      new Set(accepted.flatMap(({ id }) => (marked.some((cell) => cell.accepted?.id === id) ? [id] : []))),
    );
    const text = reachText(reached, paintWith(false), { all: false });
    expect(text).toMatch(
      /^HEALTHY {2}none of \d+ ways differs from what Docker means but \d+ that were accepted/,
    );
    expect(text).toContain('ACCEPTED  ');
    expect(text).toContain('until 2026-12-31: ticket 4711');
    expect(text).not.toContain('rulesguard doctor');
    expect((await reachedWith(rules, accepted, 'web')).exit).toBe(1);
  });

  test('until a day that has passed: a fault again, in all three', async () => {
    const passed = await acceptedIn(rules, '2026-11-29');
    expect((await diagnosedWith(rules, passed)).exit).toBe(1);
    expect((await reachedWith(rules, passed)).exit).toBe(1);
  });
});

test('what is not of what was accepted stays a fault', async () => {
  const accepted = await acceptedIn(CLOSED);
  const more = first('-A FORWARD -i docker0 -p udp -j DROP', CLOSED);
  expect((await diagnosedWith(more, accepted)).exit).toBe(1);
  expect((await reachedWith(more, accepted)).exit).toBe(1);
});
