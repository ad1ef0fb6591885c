import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type * as Ownership from '../../../src/firewall/iptables/ownership/ownership.ts';
import { recordedHost } from '../../support/recorded/observation.ts';

vi.mock('../../../src/firewall/iptables/ownership/ownership.ts', async (importOriginal) => {
  const real = await importOriginal<typeof Ownership>();
  return { ...real, ownHost: vi.fn(real.ownHost) };
});

// Files of this layer share what a worker has imported: before this one and after it each module is loaded anew.
beforeAll(() => vi.resetModules());
afterAll(() => {
  vi.doUnmock('../../../src/firewall/iptables/ownership/ownership.ts');
  vi.resetModules();
});

// Most of the time of an observation: a host of a thousand rules has each of them recognised by its words.
test.each([
  ['whose daemon shows its settings', 'engine-29.7', 1],
  ['whose settings are looked for in its rules, with those known first', 'engine-20.10-noproxy', 2],
])('the live rules of an Engine %s are owned no more often than needed', async (_, name, times) => {
  const { ownHost } = await import('../../../src/firewall/iptables/ownership/ownership.ts');
  const { observationOf } = await import('../../../src/reconcile/observation.ts');
  const { live, reply, stored } = recordedHost(name);
  for (const reference of [
    { source: 'engine', stored: undefined },
    { source: 'both', stored },
  ] as const) {
    vi.mocked(ownHost).mockClear();
    const { findings } = observationOf(reference, live, reply);
    expect(findings).toEqual([]);
    expect(vi.mocked(ownHost).mock.calls.filter(([host]) => host === live.rules)).toHaveLength(times);
  }
});
