import { describe, expect, test } from 'vitest';
import { BY_BOTH } from '../../../../src/app/observe/open-reference.ts';
import { applyPlanFile } from '../../../../src/app/restore/apply-plan-file.ts';
import { previewRestore } from '../../../../src/app/restore/preview.ts';
import type { RestoreEvent } from '../../../../src/app/restore/restore.ts';
import { countSteps, isEmptyPlan } from '../../../../src/firewall/iptables/plan/plan.ts';
import type { Family } from '../../../../src/net/family.ts';
import { counted, flushed, linesOf, without, withPolicy, withRule } from '../../../support/app/edit-rules.ts';
import {
  goneFrom,
  memoryHost,
  type Circumstances,
  type MemoryHost,
} from '../../../support/app/memory-host.ts';
import { ENGINE, OPTIONS, outcomesOf, STORED, WHOLE } from '../../../support/app/repaired.ts';

const PATH = '/root/plan.json';
const DAMAGED = flushed(without(WHOLE, 'ipv4', 'nat', /--to-destination 172/), 'ipv6');
const OTHERS = '-A FORWARD -s 203.0.113.77/32 -j DROP';

const preview = async (
  host: MemoryHost,
  {
    family,
    planOut = PATH,
    policies = 'leave',
  }: { family?: Family; planOut?: string; policies?: 'leave' | 'restore' } = {},
) => {
  const events: RestoreEvent[] = [];
  const found = await previewRestore(host, BY_BOTH, { ...OPTIONS, policies }, { family, planOut }, (event) =>
    events.push(event),
  );
  return { found, events };
};

/** A damaged host and the plan that was made of it. */
async function planned(circumstances: Circumstances = {}, damaged = DAMAGED): Promise<MemoryHost> {
  const host = memoryHost(damaged, ENGINE, { baselines: [STORED], ...circumstances });
  await preview(host);
  return host;
}

const applied = (host: MemoryHost) => applyPlanFile(host, PATH, { baseline: undefined }, true);

describe('a preview', () => {
  test('plans for both families, writes the plan where asked, and no rule', async () => {
    const host = memoryHost(DAMAGED, ENGINE, { baselines: [STORED] });
    const { found } = await preview(host);
    expect(found.plan).toEqual(found.full);
    expect(host.planFiles.get(PATH)).toMatchObject({
      source: 'both',
      baseline: STORED.digest,
      variant: 'nft',
    });
    expect(host.rules).toBe(DAMAGED);
    expect(host.done).toEqual(['ask']);
  });

  test('of one family holds that one alone, and the other is still known', async () => {
    const host = memoryHost(DAMAGED, ENGINE, { baselines: [STORED] });
    const { found } = await preview(host, { family: 'ipv6' });
    expect(found.plan.families.ipv4.tables).toEqual([]);
    expect(found.plan.families.ipv6).toEqual(found.full.families.ipv6);
    expect(countSteps(found.full)).toBeGreaterThan(countSteps(found.plan));
  });

  test('leaves a policy alone unless it is asked for, and closes it then', async () => {
    const host = memoryHost(withPolicy(WHOLE, 'ipv4', 'ACCEPT'), ENGINE, { baselines: [STORED] });
    expect(isEmptyPlan((await preview(host)).found.plan)).toBe(true);
    const { found } = await preview(host, { policies: 'restore' });
    expect(found.plan.families.ipv4.tables).toMatchObject([
      { table: 'filter', steps: [{ op: 'policy', chain: 'FORWARD', policy: 'DROP' }] },
    ]);
  });
});

describe('a reviewed plan', () => {
  test('is applied as it was made, under the lock, once rehearsed, and journalled', async () => {
    const host = await planned();
    const steps = await applied(host);
    expect(linesOf(host.rules).toSorted()).toEqual(linesOf(WHOLE).toSorted());
    expect(steps).toMatchObject({ unjournaled: undefined, flows: { dropped: 3 } });
    expect(outcomesOf(host)).toEqual(['restore applied']);
    const work = host.done.slice(host.done.indexOf('lock'));
    expect(work.at(-1)).toBe('unlock');
    expect(work).toContain('rehearse');
    expect(work.indexOf('rehearse')).toBeLessThan(work.indexOf('write ipv4 nat'));
  });

  test('is applied though packets were counted meanwhile', async () => {
    const copy = '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE';
    const host = await planned({}, withRule(WHOLE, 'ipv4', 'nat', copy, 'first'));
    host.rules = counted(host.rules, 7);
    expect((await applied(host)).steps).toBeGreaterThan(0);
    expect(linesOf(host.rules).toSorted()).toEqual(linesOf(WHOLE).toSorted());
  });

  test.each([
    ['a rule of somebody else’s', withRule(DAMAGED, 'ipv4', 'filter', OTHERS)],
    ['the repair itself', WHOLE],
  ])('is refused once the rules are others: %s', async (_, rules) => {
    const host = await planned();
    host.rules = rules;
    await expect(applied(host)).rejects.toMatchObject({ code: 'RG_CHANGED', exit: 1 });
    expect(host.rules).toBe(rules);
    expect(outcomesOf(host)).toEqual([]);
  });

  test('is refused once a container it writes rules for is gone, though the rules are the same', async () => {
    const host = await planned();
    host.engine = goneFrom(ENGINE, 'web');
    await expect(applied(host)).rejects.toMatchObject({
      code: 'RG_PLAN',
      details: [expect.stringMatching(/^ipv4: .*172\.17\.0\.2:80/) as string],
    });
    expect(host.rules).toBe(DAMAGED);
  });

  test('is refused with a step more or less than restore makes', async () => {
    for (const change of [(steps: unknown[]) => steps.slice(1), (steps: unknown[]) => [...steps, steps[0]]]) {
      const host = await planned();
      const file = host.planFiles.get(PATH);
      if (file === undefined) throw new Error('no plan');
      const [nat, ...rest] = file.families.ipv4.tables;
      if (nat === undefined) throw new Error('no table');
      const steps = change([...nat.steps]) as typeof nat.steps;
      const ipv4 = { tables: [{ ...nat, steps }, ...rest] };
      host.planFiles.set(PATH, { ...file, families: { ...file.families, ipv4 } });
      await expect(applied(host)).rejects.toMatchObject({ code: 'RG_PLAN' });
      expect(host.rules).toBe(DAMAGED);
    }
  });

  test('of one family is applied without the other', async () => {
    const host = memoryHost(DAMAGED, ENGINE, { baselines: [STORED] });
    await preview(host, { family: 'ipv6' });
    await applied(host);
    expect(linesOf(host.rules).toSorted()).toEqual(
      linesOf(without(WHOLE, 'ipv4', 'nat', /--to-destination 172/)).toSorted(),
    );
  });

  test('that iptables does not take whole is undone, and the fault says what was refused', async () => {
    const host = await planned({ refuses: (family) => family === 'ipv6' });
    await expect(applied(host)).rejects.toMatchObject({
      code: 'RG_NOT_REPAIRED',
      details: ['ipv6: line 3 failed', 'What had been applied was undone.'],
    });
    expect(linesOf(host.rules)).toEqual(linesOf(DAMAGED));
    expect(outcomesOf(host)).toEqual(['restore undone', 'undo applied']);
  });

  test('after which something else stands in its tables is undone, and that is said', async () => {
    const host = await planned({
      afterWriting: (one, time) => {
        if (time === 1) one.rules = withRule(one.rules, 'ipv4', 'nat', '-A DOCKER -j RETURN');
      },
    });
    await expect(applied(host)).rejects.toMatchObject({
      code: 'RG_NOT_REPAIRED',
      details: [expect.stringMatching(/^ipv4, /) as string, 'What had been applied was undone.'],
    });
    expect(linesOf(host.rules)).toEqual(linesOf(withRule(DAMAGED, 'ipv4', 'nat', '-A DOCKER -j RETURN')));
  });

  test('without a step changes nothing and writes no entry', async () => {
    const host = await planned({}, WHOLE);
    expect(await applied(host)).toMatchObject({ steps: 0 });
    expect(outcomesOf(host)).toEqual([]);
  });
});
