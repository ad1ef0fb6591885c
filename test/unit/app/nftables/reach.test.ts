import { expect, test } from 'vitest';
import { look } from '../../../../src/app/check/look.ts';
import { readSurroundings } from '../../../../src/app/reach/read-terrain.ts';
import { reach } from '../../../../src/app/reach/reach.ts';
import { cellKey } from '../../../../src/reach/cell-key.ts';
import { deciderKey } from '../../../../src/reach/judge/decider.ts';
import type { JudgedCell } from '../../../../src/reach/judge/judge.ts';
import type { AgreeHost } from '../../../support/agree/host.ts';
import { nftAgreeHost } from '../../../support/agree/nft-host.ts';
import { NFT_STATES } from '../../../support/agree/nft-states.ts';

const told = (cells: readonly JudgedCell[]): readonly string[] =>
  cells
    .filter(({ differs }) => differs !== 'same')
    .map((cell) =>
      [
        ...[cellKey(cell), cell.effect, cell.differs, cell.cause],
        cell.decider === undefined ? '' : deciderKey(cell.decider),
      ].join(' '),
    )
    .sort();

/** What check and reach each say of every way that differs. */
async function askBothOf(host: AgreeHost) {
  const reached = await reach(host, {}, () => undefined);
  const { followed, verdict } = await look(
    host,
    { source: 'both', stored: undefined },
    { surroundings: readSurroundings(host) },
  );
  if (!followed.packets.judged) throw new Error(followed.packets.why);
  return { reached, verdict, checked: followed.packets.table.cells };
}

test.each(Object.entries(NFT_STATES))('reach and check say the same of every way: %s', async (_, state) => {
  for (const name of ['plain', 'icc-false']) {
    const { reached, checked, verdict } = await askBothOf(nftAgreeHost(name, state));
    expect(told(reached.cells), name).toEqual(told(checked));
    // Check also counts rules that are lost without effect on a packet.
    if (reached.exit !== 0) expect(verdict.exit, name).toBe(reached.exit);
  }
});

// Kept few: those with forty ports and twenty networks take half a minute each.
test.each([
  ...[
    'accept-fwmark',
    'allow-direct-routing',
    'default-bridge',
    'direct',
    'host-ipv4-snat',
    'icc-false-default',
  ],
  ...['internal', 'ipv6', 'isolated', 'legacy', 'links', 'modes', 'named-bridge', 'nat-unprotected'],
  ...['no-ip6tables', 'no-masquerade', 'noproxy', 'routed', 'stopped-paused', 'trusted', 'two-bridges'],
])('%s: everything is reached as Docker means it', async (name) => {
  const { cells, exit, unread } = await reach(nftAgreeHost(name), {}, () => undefined);
  expect(cells.filter(({ effect }) => effect !== 'same')).toEqual([]);
  expect(cells.length).toBeGreaterThan(0);
  expect({ exit, unread }).toEqual({ exit: 0, unread: [] });
});

test('what the tables show of the daemon’s settings counts, as for check', async () => {
  const host = nftAgreeHost('noproxy');
  const engine = await host.askEngine();
  if (!engine.answered) throw new Error('no Engine');
  const unseen = { ...engine, daemons: { count: 0, facts: {} } };
  const asked = { askEngine: () => Promise.resolve(unseen), askAnyEngine: () => Promise.resolve(unseen) };
  const { cells, exit } = await reach(Object.assign(host, asked), {}, () => undefined);
  expect(cells.filter(({ effect }) => effect !== 'same')).toEqual([]);
  expect(exit).toBe(0);
});

test('where Docker’s tables cannot be read nothing is said to be well, or lost', async () => {
  const host = Object.assign(nftAgreeHost('plain'), { readNatives: () => Promise.resolve(null) });
  const { exit, cells, unread } = await reach(host, {}, () => undefined);
  expect(exit).toBe(3);
  expect(unread.map(({ what }) => what)).toContain('nftables tables');
  expect(cells.some(({ cause }) => cause === 'lost')).toBe(false);
});
