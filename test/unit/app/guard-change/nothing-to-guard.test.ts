import { expect, test } from 'vitest';
import {
  guardChange,
  type GuardEvent,
  type GuardRequest,
} from '../../../../src/app/guard-change/guard-change.ts';
import { Fault, type FaultCode } from '../../../../src/fault.ts';
import { EMPTY_RULESET } from '../../../../src/firewall/iptables/text/model.ts';
import { changeHost } from '../../../support/app/hosts.ts';
import { liveOf } from '../../../support/recorded/observation.ts';

const unused = (): never => {
  throw new Error('not to be used');
};

/** A change on a host without rules of Docker's, whose Engine does not answer. */
async function guarded(request: Partial<GuardRequest>, code: FaultCode = 'RG_ENGINE_DOWN') {
  const done: string[] = [];
  const events: GuardEvent[] = [];
  const rules = { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };
  const read = () => Promise.resolve(liveOf(rules));
  const fault = new Fault(code, 3, 'no Engine answers here');
  const noBaseline = new Fault('RG_NO_BASELINE', 3, 'none has been recorded');
  const outcome = await guardChange(
    {
      change: { words: ['true'], input: { text: '', ends: true } },
      ...{ mode: 'refuse', dryRun: false, policies: 'leave', rehearsalSeconds: 30, confirmSeconds: 0 },
      ...request,
    },
    {
      host: {
        ...changeHost('engine-28.5', {
          rehearse: () => ({ known: true, rules }),
          launch: () => done.push('made') - 1,
        }),
        ...{ beginReading: () => read, readVariant: read },
        askEngine: () => Promise.resolve({ answered: false, fault }),
      },
      openReference: () => Promise.resolve({ source: 'both', stored: undefined, noBaseline }),
      record: () => Promise.reject(new Fault('RG_NO_DOCKER_RULES', 3, 'there are none')),
      restore: unused,
      whileAnnounced: (change) => change(),
      confirming: {
        ...{ arm: unused, uptime: unused, giveTime: unused, confirm: unused, rollBack: unused },
        ...{ awaitSettled: unused, readLines: unused, onSignals: unused },
      },
      during: (_, work) => work,
      emit: (event) => events.push(event),
    },
  );
  return { outcome, done, events };
}

test('a change is made where there is nothing of Docker’s to guard, and that is said', async () => {
  const { outcome, done, events } = await guarded({});
  expect(outcome).toEqual({ kind: 'made', exit: 0 });
  expect(done).toEqual(['made']);
  expect(events).toEqual([
    { kind: 'unguarded', reason: 'none of them is in force, and no Engine says which there should be' },
  ]);
});

test('a dry run makes nothing there, and says nothing of it', async () => {
  const { outcome, done, events } = await guarded({ dryRun: true });
  expect(outcome.kind).toBe('predicted');
  expect({ done, events }).toEqual({ done: [], events: [] });
});

test('a change that is repaired after: nothing is left of it where no Engine is', async () => {
  const { outcome, done } = await guarded({ mode: 'repair' });
  expect(outcome).toEqual({ kind: 'made', exit: 0 });
  expect(done).toEqual(['made']);
});

test('a change that is repaired after, while an Engine hangs and nothing was recorded: not said to be whole', async () => {
  await expect(guarded({ mode: 'repair' }, 'RG_ENGINE_HUNG')).rejects.toMatchObject({
    code: 'RG_NO_BASELINE',
    exit: 3,
  });
});
