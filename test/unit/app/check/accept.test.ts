import { describe, expect, test } from 'vitest';
import { accept, withdraw, type AcceptHost } from '../../../../src/app/accept/accept.ts';
import type { CheckHost } from '../../../../src/app/check/ports.ts';
import { Fault } from '../../../../src/fault.ts';
import type { HostRules } from '../../../../src/firewall/iptables/text/model.ts';
import type { Acceptance } from '../../../../src/reconcile/accept/acceptance.ts';
import type { Notice } from '../../../../src/reconcile/notices.ts';
import { effectWords } from '../../../../src/report/check/words.ts';
import { checked, memoryCheckHost } from '../../../support/app/checked.ts';
import { without, withRule } from '../../../support/app/edit-rules.ts';
import { WHOLE_RULES } from '../../../support/app/memory-diagnosis-host.ts';

const TODAY = Date.parse('2026-11-30T12:00:00Z');
const first = (text: string, rules: HostRules = WHOLE_RULES): HostRules =>
  withRule(rules, 'ipv4', 'filter', text, 'first');
const CLOSED = first('-A FORWARD -p tcp -m tcp --dport 80 -j DROP');

/** A host whose rules and clock can be turned while findings are accepted on it. */
function hostWith(rules: HostRules) {
  const state = {
    rules,
    now: TODAY,
    kept: [] as readonly Acceptance[],
    natives: [] as readonly NativeText[],
  };
  const checkHost = (): CheckHost =>
    memoryCheckHost(state.rules, {
      now: () => state.now,
      readAccepted: () => Promise.resolve(state.kept),
      readNatives: () => Promise.resolve(state.natives),
    });
  const host: AcceptHost = {
    now: () => state.now,
    check: async () => (await checked(checkHost())).verdict,
    whoAsked: () => 'sam',
    readAccepted: () => Promise.resolve(state.kept),
    writeAccepted: (kept) => {
      state.kept = kept;
      return Promise.resolve();
    },
    withLock: (work) => work(),
  };
  return { host, state, verdict: host.check };
}

const request = (id: string, until = '2026-12-31') => ({ id, reason: 'ticket 4711', until });

async function acceptedHost() {
  const made = hostWith(CLOSED);
  const [effect] = (await made.verdict()).effects;
  if (effect === undefined) throw new Error('nothing is found');
  await accept(request(effect.id), made.host);
  return { ...made, id: effect.id };
}

interface NativeText {
  readonly table: string;
  readonly text: string;
}

/** A table of nftables' own that closes port 80; nft counts its packets, and numbers it whenever its file is loaded. */
const counting = (packets: number, handle: number): NativeText => ({
  table: 'inet mine',
  text: `table inet mine {
\tchain forward { # handle 1
\t\ttype filter hook forward priority filter - 1; policy accept;
\t\ttcp dport 80 counter packets ${String(packets)} bytes ${String(packets * 60)} drop # handle ${String(handle)}
\t}
}
`,
});

test('what a rule of nftables own closes stays accepted while it counts, and when its file is loaded again', async () => {
  const { host, state, verdict } = hostWith(WHOLE_RULES);
  state.natives = [counting(5, 4)];
  const [effect] = (await verdict()).effects;
  await accept(request(effect?.id ?? ''), host);
  state.natives = [counting(9, 14)];
  expect(await verdict()).toMatchObject({ exit: 0, effects: [] });
});

test('an accepted loss hides no later one, though no packet shows that one', async () => {
  const without80 = without(WHOLE_RULES, 'ipv4', 'nat', /--dport 8080 .*-j DNAT/);
  const { host, state, verdict } = hostWith(without80);
  for (const { id } of (await verdict()).effects) await accept(request(id), host);
  expect(await verdict()).toMatchObject({ exit: 0, state: 'intact', effects: [] });
  // Without DOCKER-USER's jump nothing changes while that chain is empty.
  state.rules = without(without80, 'ipv4', 'filter', /-A FORWARD -j DOCKER-USER/);
  expect(await verdict()).toMatchObject({ exit: 1, state: 'damaged', effects: [{ effect: 'notice' }] });
});

describe('an accepted finding', () => {
  test('no longer alarms, and is counted with its day and reason', async () => {
    const { verdict, id } = await acceptedHost();
    expect(await verdict()).toMatchObject({
      ...{ state: 'intact', exit: 0, effects: [] },
      accepted: [{ id, until: '2026-12-31', reason: 'ticket 4711' }],
    });
  });

  test('holds to the end of its day and comes back, with what it was', async () => {
    const { verdict, state, id } = await acceptedHost();
    state.now = Date.parse('2026-12-31T23:59:59Z');
    expect((await verdict()).exit).toBe(0);
    state.now = Date.parse('2027-01-01T00:00:00Z');
    const { exit, effects } = await verdict();
    expect(exit).toBe(1);
    expect(effects).toMatchObject([{ id, expired: { until: '2026-12-31', reason: 'ticket 4711' } }]);
  });

  test('comes back when another rule decides', async () => {
    const { verdict, state } = await acceptedHost();
    state.rules = first('-A FORWARD -p tcp -j DROP');
    expect((await verdict()).exit).toBe(1);
  });

  test('comes back when the clock stands before the day it was accepted', async () => {
    const { verdict, state } = await acceptedHost();
    state.now = Date.parse('1970-01-01T00:00:00Z');
    expect((await verdict()).exit).toBe(1);
  });

  test('hides no other: what a second rule closes is found, alone', async () => {
    const { verdict, state } = await acceptedHost();
    state.rules = first('-A FORWARD -p udp -m udp --dport 5353 -j DROP', CLOSED);
    const { effects, accepted } = await verdict();
    expect(effects.map((effect) => effectWords(effect).names)).toEqual([['web 5353']]);
    expect(accepted).toHaveLength(1);
  });

  test('comes back when it is removed', async () => {
    const { verdict, host, id } = await acceptedHost();
    await withdraw(id, host);
    expect((await verdict()).exit).toBe(1);
    await expect(withdraw(id, host)).rejects.toMatchObject({ code: 'RG_USAGE', exit: 2 });
  });

  test('can be accepted for longer', async () => {
    const { host, state, id } = await acceptedHost();
    await accept(request(id, '2027-06-30'), host);
    expect(state.kept).toMatchObject([{ id, until: '2027-06-30' }]);
  });
});

test.each([
  ['a day that is none', { until: '2026-02-30' }, /is not a date/],
  ['another form of day', { until: '31.12.2026' }, /is not a date/],
  ['a day that has passed', { until: '2026-11-29' }, /has passed/],
  ['no reason', { reason: '  ' }, /must say why/],
  ['an id that check does not show', { id: 'ffffff' }, /shows no finding ffffff/],
])('%s: refused, exit 2, with what to do', async (_, change, message) => {
  const { host, verdict, state } = hostWith(CLOSED);
  const [effect] = (await verdict()).effects;
  const refused = accept({ ...request(effect?.id ?? ''), ...change }, host);
  await expect(refused).rejects.toMatchObject({
    ...{ code: 'RG_USAGE', exit: 2 },
    hint: expect.any(String) as string,
  });
  await expect(refused).rejects.toThrow(message);
  expect(state.kept).toEqual([]);
});

test('what was accepted cannot be read: nothing counts as accepted, and a notice says so', async () => {
  const notices: Notice[] = [];
  const readAccepted = () => Promise.reject(new Fault('RG_ACCEPTED', 3, 'it was changed'));
  const { verdict } = await checked(memoryCheckHost(CLOSED, { readAccepted }), { notices });
  expect(verdict.exit).toBe(1);
  expect(notices).toContainEqual({ kind: 'accepted-unusable', why: 'it was changed', hint: undefined });
});
