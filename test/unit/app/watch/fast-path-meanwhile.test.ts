import { expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { beyond, flushed } from '../../../support/app/edit-rules.ts';
import { WHOLE } from '../../../support/app/repaired.ts';
import { lostOf, readyHost } from '../../../support/watch/ready-host.ts';

test('a change between reading and writing is read before anything is written twice, and what it took is written too', async () => {
  const { host, fast, forget } = await readyHost(
    {},
    {
      afterWriting: (one, time) => {
        if (time !== 1) return;
        one.rules = flushed(one.rules, 'ipv4', 'filter');
        forget();
      },
    },
  );
  host.rules = flushed(WHOLE);
  const done = await fast.repair();
  expect(done?.left).toEqual([]);
  expect(lostOf(host)).toEqual([]);
  expect(beyond(host.rules, WHOLE)).toEqual([]);
});

test('of a writer that is killed in the middle what it had not written is written again', async () => {
  const { host, fast } = await readyHost(
    {},
    {
      beforeWriting: (_, time) => {
        if (time === 2) throw new Fault('RG_COMMAND', 3, 'ip6tables-nft-restore was ended by SIGTERM');
      },
    },
  );
  host.rules = { ipv4: flushed(WHOLE).ipv4, ipv6: flushed(WHOLE, 'ipv6').ipv6 };
  expect(await fast.repair()).toMatchObject({ left: [] });
  expect(lostOf(host)).toEqual([]);
  expect(beyond(host.rules, WHOLE)).toEqual([]);
});

test('where nothing could be written the journal says so, and a look goes on from there', async () => {
  const { host, fast } = await readyHost(
    {},
    {
      beforeWriting: () => {
        throw new Fault('RG_COMMAND', 3, 'iptables-nft-restore was ended by SIGTERM');
      },
    },
  );
  host.rules = flushed(WHOLE);
  expect(await fast.repair()).toBeUndefined();
  expect([...host.entries.values()].map(({ outcome }) => outcome)).toEqual(['failed']);
  expect(host.done.at(-1)).toBe('unlock');
});

test('where it cannot be read again what was written, what was done is told', async () => {
  let isWritten = false;
  const { host, fast } = await readyHost(
    {},
    {
      afterWriting: () => {
        isWritten = true;
      },
      beforeReading: () => {
        if (isWritten) throw new Fault('RG_TIMEOUT', 3, 'iptables-save did nothing for 30 s');
      },
    },
  );
  host.rules = flushed(WHOLE);
  expect(await fast.repair()).toMatchObject({ journal: ['1'], left: ['iptables-save did nothing for 30 s'] });
  expect(lostOf(host)).toEqual([]);
});
