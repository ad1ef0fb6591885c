import { describe, expect, test } from 'vitest';
import {
  guardChange,
  type GuardEvent,
  type GuardRequest,
} from '../../../src/app/guard-change/guard-change.ts';
import type { ConfirmHost, PromptSignal, Settled } from '../../../src/app/rollback/confirmation.ts';
import { Fault } from '../../../src/fault.ts';
import type { Pending } from '../../../src/host/pending/read.ts';
import { changeHost, storedOf } from '../../support/app/hosts.ts';

const FLUSH = ['sh', '-c', 'iptables -t nat -F'] as const;
const lost = (save: string): string => save.replace(/^.*-A POSTROUTING .*\n/gm, '');

/** A host in memory, and what was done to it in order. */
function stage({ exit = 0, breaks = true, record = (): Promise<unknown> => Promise.resolve() } = {}) {
  const order: string[] = [];
  const events: GuardEvent[] = [];
  const stored = storedOf('engine-28.5');
  const host = changeHost('engine-28.5', {
    rehearse: (rules) => ({ known: true, rules: breaks ? rules(lost) : rules((save) => save) }),
    launch: (edit) => {
      order.push('launch');
      if (breaks) edit(lost);
      return exit;
    },
  });
  let heard: (signal: PromptSignal) => void = () => undefined;
  let typed: (line: string) => void = () => undefined;
  let settle: (as: Settled) => void = () => undefined;
  const pending = {
    id: '000001',
    state: 'waiting',
    file: '/f',
    change: { deadline: Number.MAX_SAFE_INTEGER, seconds: 60, until: 'then', what: 'x' },
  } as unknown as Pending;
  const confirming: ConfirmHost = {
    arm: () => {
      order.push('arm');
      return Promise.resolve(pending);
    },
    uptime: () => 0,
    giveTime: () => Promise.resolve({ pending, extended: true }),
    confirm: () => {
      order.push('confirm');
      settle('confirmed');
      return Promise.resolve();
    },
    rollBack: () => {
      order.push('roll back');
      return Promise.resolve({ outcome: 'rolled-back', pending });
    },
    awaitSettled: () => new Promise((resolve) => (settle = resolve)),
    readLines: (read) => {
      typed = read;
      return () => undefined;
    },
    onSignals: (hear) => {
      heard = hear;
      return () => undefined;
    },
  };
  const run = (request: Partial<GuardRequest>, answer: () => void = () => undefined) =>
    guardChange(
      {
        change: { words: FLUSH, input: { text: '', ends: true } },
        ...{ mode: 'refuse', dryRun: false, policies: 'leave', rehearsalSeconds: 30, confirmSeconds: 0 },
        ...request,
      },
      {
        host,
        openReference: () => Promise.resolve({ source: 'both', stored }),
        record: () => {
          order.push('record');
          return record();
        },
        restore: () => {
          order.push('restore');
          host.edit(() => host.before);
          return Promise.resolve({ isWhole: true });
        },
        whileAnnounced: (change) => change(),
        confirming,
        during: (_, work) => work,
        emit: (event) => {
          events.push(event);
          if (event.kind === 'asked') setTimeout(answer, 5);
        },
      },
    );
  return {
    run,
    order,
    events,
    say: (line: string) => {
      typed(line);
    },
    signal: (signal: PromptSignal) => {
      heard(signal);
    },
    settle: (as: Settled) => {
      settle(as);
    },
  };
}

describe('a change that would break Docker’s rules', () => {
  test('is refused before it is made', async () => {
    const { run, order } = stage();
    expect(await run({})).toMatchObject({ kind: 'refused', forecast: { known: true, by: 'rehearsal' } });
    expect(order).toEqual([]);
  });

  test('is only predicted in a dry run, whatever the mode', async () => {
    const { run, order } = stage();
    expect(await run({ dryRun: true, mode: 'repair' })).toMatchObject({ kind: 'predicted' });
    expect(order).toEqual([]);
  });

  test('is made with repair: recorded before, repaired after, the command’s own exit', async () => {
    const { run, order, events } = stage({ exit: 4 });
    expect(await run({ mode: 'repair' })).toEqual({ kind: 'made', exit: 4 });
    expect(order).toEqual(['record', 'launch', 'restore']);
    expect(events).toEqual([]);
  });

  test('a state that is not recorded is said, and repaired all the same', async () => {
    const { run, order, events } = stage({
      record: () => Promise.reject(new Fault('RG_DAMAGED', 1, 'not recorded')),
    });
    expect(await run({ mode: 'repair' })).toEqual({ kind: 'made', exit: 0 });
    expect(order).toEqual(['record', 'launch', 'restore']);
    expect(events).toMatchObject([{ kind: 'not-recorded' }]);
  });

  test('is made with report: what it did is said, and exit 1 though the command was content', async () => {
    const { run, order, events } = stage();
    expect(await run({ mode: 'report' })).toEqual({ kind: 'made', exit: 1 });
    expect(order).toEqual(['launch']);
    expect(events).toMatchObject([{ kind: 'impact' }]);
  });
});

test('a change that breaks nothing is made, and nothing is said', async () => {
  const { run, order, events } = stage({ breaks: false, exit: 3 });
  expect(await run({})).toEqual({ kind: 'made', exit: 3 });
  expect({ order, events }).toEqual({ order: ['launch'], events: [] });
});

describe('a change that must be confirmed', () => {
  const asked = { mode: 'report', confirmSeconds: 60 } as const;
  const kinds = (events: readonly GuardEvent[]) => events.map(({ kind }) => kind);

  test('is recorded before it is made; y keeps it', async () => {
    const { run, order, events, say } = stage({ breaks: false });
    const done = await run(asked, () => {
      say('what');
      say('y');
    });
    expect(done).toEqual({ kind: 'made', exit: 0 });
    expect(order).toEqual(['arm', 'launch', 'confirm']);
    expect(kinds(events)).toEqual(['asked', 'not-understood', 'settled']);
  });

  test.each([
    ['n', 1],
    ['NO', 1],
  ])('%s rolls it back at once, and says so before it is done', async (line, exit) => {
    const { run, order, events, say } = stage({ breaks: false });
    const done = await run(asked, () => {
      say(line);
    });
    expect(done).toEqual({ kind: 'made', exit });
    expect(order).toEqual(['arm', 'launch', 'roll back']);
    expect(kinds(events)).toEqual(['asked', 'rolling-back', 'settled']);
  });

  test('Ctrl-C rolls it back, exit 130; SIGTERM leaves it to the timer, exit 143', async () => {
    for (const [signal, exit, undone] of [
      ['interrupted', 130, true],
      ['ended', 143, false],
    ] as const) {
      const one = stage({ breaks: false });
      const done = await one.run(asked, () => {
        one.signal(signal);
      });
      expect(done).toEqual({ kind: 'made', exit });
      expect(one.order.includes('roll back')).toBe(undone);
    }
  });

  test('rolled back by its timer: exit 1', async () => {
    const one = stage({ breaks: false });
    const done = await one.run(asked, () => {
      one.settle('rolled-back');
    });
    expect(done).toEqual({ kind: 'made', exit: 1 });
    expect(one.order).toEqual(['arm', 'launch']);
  });
});
