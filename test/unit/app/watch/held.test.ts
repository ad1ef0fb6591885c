import { expect, test } from 'vitest';
import { writesUnless } from '../../../../src/app/watch/held.ts';
import { memoryHost } from '../../../support/app/memory-host.ts';
import { ENGINE, WHOLE } from '../../../support/app/repaired.ts';

test('what keeps watch from writing since the lock was waited for keeps it from writing', async () => {
  const host = memoryHost(WHOLE, ENGINE);
  const guarded = writesUnless(host, () => Promise.resolve('paused until noon'));
  await expect(guarded.writeTables('')).rejects.toThrow('paused until noon');
  await expect(guarded.writeRules('ipv4', 'nft', { tables: [] })).rejects.toMatchObject({
    code: 'RG_BUSY',
  });
  expect(host.done.filter((one) => one.startsWith('write'))).toEqual([]);
});
