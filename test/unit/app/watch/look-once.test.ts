import { describe, expect, test } from 'vitest';
import { lookOnce } from '../../../../src/app/watch/look-once.ts';
import { KEEPS_NONE } from '../../../../src/docker/engine-reply.ts';
import { Fault, type FaultCode } from '../../../../src/fault.ts';
import type { Reference } from '../../../../src/reconcile/reference.ts';
import { memoryCheckHost } from '../../../support/app/checked.ts';

describe('a look without a baseline', () => {
  const looked = (code: FaultCode, isDockerdThere: boolean, isPatient = true) => {
    const noBaseline = new Fault('RG_NO_BASELINE', 3, 'no baseline has been recorded');
    const reference: Reference = { source: 'both', stored: undefined, declared: {}, noBaseline };
    const reply = { answered: false, fault: new Fault(code, 3, 'no answer') } as const;
    return lookOnce(
      memoryCheckHost(undefined, {
        askEngine: () => (KEEPS_NONE.has(code) ? Promise.reject(reply.fault) : Promise.resolve(reply)),
      }),
      {
        openReference: () => Promise.resolve(reference),
        booted: () => 0,
        isDockerdThere: () => isDockerdThere,
        onWell: () => undefined,
      },
      { isTwice: () => false, isPatient },
    );
  };

  test('finds nothing where no Engine is there, and waits for one that starts', async () => {
    expect(await looked('RG_ENGINE_ABSENT', false)).toEqual({ effects: [] });
    expect(await looked('RG_ENGINE_DOWN', true)).toBe('not-yet');
    expect(await looked('RG_ENGINE_NO_IPTABLES', true)).toEqual({ effects: [] });
  });

  test('waits for one no longer than it is told to', async () => {
    expect(await looked('RG_ENGINE_DOWN', true, false)).toEqual({ effects: [], isPastDockerd: true });
  });

  test.each<FaultCode>(['RG_ENGINE_HUNG', 'RG_ENGINE_UNTRUSTED', 'RG_ENGINE_MANY', 'RG_ENGINE_ANSWER'])(
    'does not find all well where an Engine is there that cannot be asked: %s',
    async (code) => {
      await expect(looked(code, true)).rejects.toMatchObject({ code: 'RG_NO_BASELINE' });
    },
  );
});
