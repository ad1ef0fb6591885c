import { expect, test } from 'vitest';
import { EMPTY_RULESET } from '../../../../src/firewall/iptables/text/model.ts';
import { BASELINE } from '../../../support/app/memory-diagnosis-host.ts';
import { checked, memoryCheckHost } from '../../../support/app/checked.ts';
import { NO_ENGINE } from '../../../support/app/memory-host.ts';
import { nftRecording } from '../../../support/nftables/recordings.ts';

const EMPTY = { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };
const silent = { askEngine: () => Promise.resolve(NO_ENGINE) };

test('a stopped Engine that was switched over to nftables leaves no host damaged by an old baseline', async () => {
  const { tables } = nftRecording('plain');
  const host = memoryCheckHost(EMPTY, { ...silent, readTables: () => Promise.resolve(tables) });
  await expect(checked(host, { stored: BASELINE })).rejects.toMatchObject({
    ...{ code: 'RG_ENGINE_ABSENT', exit: 3 },
    message: expect.stringMatching(/Docker's own tables of nftables are here/) as string,
  });
});

test('rules of iptables that are lost are lost, whether nft can be asked or not', async () => {
  for (const readTables of [() => Promise.resolve([]), () => Promise.reject(new Error('no nft'))]) {
    const { verdict } = await checked(memoryCheckHost(EMPTY, { ...silent, readTables }), {
      stored: BASELINE,
    });
    expect(verdict.state).toBe('damaged');
  }
});
