import { describe, expect, test } from 'vitest';
import {
  diffBaselines,
  listBaselines,
  openTyped,
  pruneBaselines,
  verifyBaselines,
} from '../../../src/app/baseline/baselines.ts';
import { Fault } from '../../../src/fault.ts';
import type { StoredBaseline } from '../../../src/reconcile/stored-baseline.ts';
import { listedText, prunedText, verifiedText } from '../../../src/report/baseline-text.ts';
import { paintWith } from '../../../src/report/text.ts';
import { storedOf } from '../../support/app/hosts.ts';

const PLAIN = paintWith(false);

/** A recorded baseline under an id, made after another one. */
function baseline(number: number, previous: number | null, name = 'engine-28.5-plain'): StoredBaseline {
  const stored = storedOf(name);
  return {
    ...stored,
    id: `00000${String(number)}-x`,
    digest: `sha256:${String(number)}`,
    baseline: { ...stored.baseline, previous: previous === null ? null : `sha256:${String(previous)}` },
  };
}

/** A state folder in memory; a fault among them is a baseline that cannot be used. */
function folder(...all: readonly (StoredBaseline | Fault)[]) {
  const ids = all.map((one, index) => (one instanceof Fault ? `00000${String(index + 1)}-bad` : one.id));
  return {
    list: () => Promise.resolve(ids),
    open: (which?: string) => {
      const index = which === undefined ? ids.length - 1 : ids.findIndex((id) => id.startsWith(which));
      const found = all[index];
      if (found === undefined)
        return Promise.reject(new Fault('RG_NO_BASELINE', 3, `no baseline ${which ?? 'at all'}`));
      return found instanceof Fault ? Promise.reject(found) : Promise.resolve(found);
    },
  };
}
const BAD = new Fault('RG_BASELINE', 3, 'the digest does not fit', { details: ['at line 3'] });

describe('listing baselines', () => {
  test('one that cannot be used does not hide the others', async () => {
    const listed = await listBaselines(folder(baseline(1, null), BAD, baseline(3, 2)));
    const lines = listed.map(({ id, stored }) => listedText(id, stored, 7200, PLAIN));
    expect(lines[0]).toMatch(/^000001-x {2}2 hours old {2}\d+ rules {2}nft {2}Engine 28\.5/);
    expect(lines[1]).toBe('000002-bad  not usable  the digest does not fit');
    expect(lines[2]).toMatch(/^000003-x/);
  });

  test('an error that is no fault is not taken for a bad baseline', async () => {
    const broken = { list: () => Promise.resolve(['1']), open: () => Promise.reject(new TypeError('bug')) };
    await expect(listBaselines(broken)).rejects.toThrow('bug');
  });
});

test.each([
  ['1', '000001-x'],
  ['000002', '000002-x'],
  ['latest', '000002-x'],
  [undefined, '000002-x'],
])('baseline show %s opens %s', async (typed, id) => {
  expect((await openTyped(folder(baseline(1, null), baseline(2, 1)), typed)).id).toBe(id);
});

describe('comparing baselines', () => {
  const two = folder(baseline(1, null), baseline(2, 1, 'engine-28.5-bridges'));
  test('without a second one compares with the newest', async () => {
    const { before, after, chains } = await diffBaselines(two, ['1', undefined]);
    expect([before.id, after.id]).toEqual(['000001-x', '000002-x']);
    expect(chains.length).toBeGreaterThan(0);
  });
  test('the same one twice has no difference', async () => {
    expect((await diffBaselines(two, ['1', '1'])).chains).toEqual([]);
  });
  test('asks which, where none is named', async () => {
    await expect(diffBaselines(two, [undefined, undefined])).rejects.toMatchObject({
      code: 'RG_USAGE',
      exit: 2,
    });
  });
});

describe('verifying baselines', () => {
  const verify = async (...all: readonly (StoredBaseline | Fault)[]): Promise<readonly string[]> =>
    (await verifyBaselines(folder(...all))).map(({ id, trouble }) => verifiedText(id, trouble, PLAIN));

  test('a whole chain is sound', async () => {
    expect(await verify(baseline(1, null), baseline(2, 1))).toEqual(['000001-x  sound', '000002-x  sound']);
  });
  test('says of one that does not follow from the one before it', async () => {
    const [, second] = await verify(baseline(1, null), baseline(3, 2));
    expect(second).toMatch(/^000003-x {2}does not follow from 000001-x/);
  });
  test('one that cannot be used is named with its details, and nothing is said of the one behind it', async () => {
    expect(await verify(baseline(1, null), BAD, baseline(3, 7))).toEqual([
      '000001-x  sound',
      '000002-bad  the digest does not fit\n    at line 3',
      '000003-x  sound',
    ]);
  });
  test('of none says what opening one says', async () => {
    await expect(verify()).rejects.toMatchObject({ code: 'RG_NO_BASELINE' });
  });
});

test('pruning holds the lock while it deletes, and says how many', async () => {
  const done: string[] = [];
  const host = {
    withLock: async <T>(work: () => Promise<T>) => {
      done.push('lock');
      const result = await work();
      done.push('unlock');
      return result;
    },
    baselines: {
      prune: (keep: number) => {
        done.push(`keep ${String(keep)}`);
        return Promise.resolve(['000001-x', '000002-x']);
      },
    },
  };
  expect(prunedText(await pruneBaselines(host, 7), 7)).toBe('Deleted 2 baselines, kept the newest 7.');
  expect(done).toEqual(['lock', 'keep 7', 'unlock']);
  expect(prunedText(0, 7)).toMatch(/^Nothing to delete/);
});
