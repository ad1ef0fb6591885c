import { describe, expect, test } from 'vitest';
import type { NftTable } from '../../../../src/firewall/nftables/tables/model.ts';
import { timesOfLoss, type KnownTimes } from '../../../../src/reconcile/tables/loss-times.ts';
import { withChains, withElements } from '../../../support/nftables/edits.ts';
import { recordedTables } from '../../../support/nftables/host.ts';
import { observedTables } from '../../../support/nftables/observed.ts';
import { nftRecording } from '../../../support/nftables/recordings.ts';

// Networks: bridge at 23:54:04.783, front at 23:54:09.017, back at 23:54:11.003; a container on front and one on back.
const HOST = 'two-bridges';
const { inventory, tables } = nftRecording(HOST);
const { ipv4, compare } = recordedTables(HOST);
const bridgeOf = (name: string): string =>
  inventory.networks.find((network) => network.name === name)?.bridge ?? '';

/** As Docker leaves a table after a loss: what is about these networks, and what containers of theirs had written again. */
function rebuilt(bridges: readonly string[], table = ipv4): NftTable {
  const kept = withChains(table, (chains) =>
    chains.filter(
      ({ name }) =>
        /^(?:raw-PREROUTING|nat-prerouting-and-output)$/.test(name) ||
        bridges.some((bridge) => name.endsWith(`__${bridge}`)),
    ),
  );
  return [...table.maps.keys()].reduce(
    (made, map) => withElements(made, map, (elements) => elements.filter(([key]) => bridges.includes(key))),
    kept,
  );
}

const healed = (table: NftTable) =>
  observedTables(HOST, [table, ...tables.slice(1)]).findings.find(({ kind }) => kind === 'half-healed');

const nothing: KnownTimes = { networks: [], endpoints: [], baseline: undefined };
function times(table: NftTable, known: Partial<KnownTimes>) {
  const [drift] = compare([table, ...tables.slice(1)]);
  if (drift === undefined) throw new Error('no drift');
  return timesOfLoss(drift, { ...nothing, ...known });
}

describe('when a table was lost that Docker has written a part of again', () => {
  test('between what was made before, of which nothing is left, and the first network made since', () => {
    const found = healed(rebuilt([bridgeOf('back')]));
    expect(found?.lost).toEqual({ after: '2026-11-29T23:54:09.017Z', before: '2026-11-29T23:54:11.003Z' });
    expect(found?.consequence).toContain(
      'lost after 2026-11-29T23:54:09Z (network front was made then, and its rules are missing); lost before 2026-11-29T23:54:12Z (network back was made then, and nothing leads to the chains of older ones)',
    );
  });

  test('a container that started proves nothing: its chains are written whole, for whoever acts', () => {
    const found = healed({ ...rebuilt([]), maps: new Map() });
    expect(found?.lost).toEqual({ after: '2026-11-29T23:54:11.003Z' });
    expect(found?.consequence).not.toContain('lost before');
  });

  test('a container that was made later than any network, and whose rules are missing, was there before', () => {
    const endpoints = inventory.endpoints.map((one) => ({ ...one, created: 1_796_000_000 }));
    const { networks } = inventory;
    expect(times(rebuilt([]), { networks, endpoints }).after?.because).toMatch(/^container on-\w+ was made/);
    // A chain that holds something was written since the loss: what is missing there was taken out singly.
    const inChain = rebuilt([bridgeOf('front'), bridgeOf('back')]);
    expect(times(inChain, { networks: [], endpoints }).after).toBeUndefined();
  });

  test('a restore that made the table whole counts, where it is newer than all else', () => {
    const { networks } = inventory;
    const repaired = {
      id: '000009-20261130T090000Z',
      at: '2026-11-30T09:00:00.000Z',
      tables: ['ip docker-bridges'],
    };
    expect(times(rebuilt([]), { networks, repaired }).after).toEqual({
      at: Date.parse('2026-11-30T09:00:00.000Z'),
      because: 'whole after restore 000009-20261130T090000Z',
    });
    const ofOther = { ...repaired, tables: ['ip6 docker-bridges'] };
    expect(times(rebuilt([]), { networks, repaired: ofOther }).after?.because).toMatch(/^network back/);
    const older = { ...repaired, at: '2026-11-29T00:00:00.000Z' };
    expect(times(rebuilt([]), { networks, repaired: older }).after?.because).toMatch(/^network back/);
  });

  test('a baseline that recorded the table whole counts, one that recorded it damaged does not', () => {
    const baseline = (recorded: readonly NftTable[]) =>
      ({
        id: '000007-20261130T080000Z',
        baseline: { created: '2026-11-30T08:00:00.000Z' },
        tables: recorded,
      }) as unknown as NonNullable<KnownTimes['baseline']>;
    const { networks } = inventory;
    expect(times(rebuilt([]), { networks, baseline: baseline(tables) }).after).toEqual({
      at: Date.parse('2026-11-30T08:00:00.000Z'),
      because: 'whole when baseline 000007-20261130T080000Z was recorded',
    });
    expect(times(rebuilt([]), { networks, baseline: baseline([rebuilt([])]) }).after?.because).toMatch(
      /^network back/,
    );
  });

  test('nothing is made up: where elements are still there, or times contradict each other', () => {
    const { networks } = inventory;
    const flushed = withChains(ipv4, (chains) => chains.filter(({ name }) => name.includes('__')));
    expect(healed(flushed)?.lost).not.toHaveProperty('before');
    // The oldest network is there, a younger one is not.
    expect(times(rebuilt(['docker0']), { networks })).toEqual({ after: undefined, before: undefined });
    const untold = networks.map((network) => ({ ...network, created: '' }));
    expect(times(rebuilt([bridgeOf('back')]), { networks: untold })).toEqual({
      after: undefined,
      before: undefined,
    });
  });
});
