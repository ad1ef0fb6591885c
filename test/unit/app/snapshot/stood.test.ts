import { expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import type { HostRules } from '../../../../src/firewall/iptables/text/model.ts';
import { snapshot, type SnapshotEvent, type SnapshotRequest } from '../../../../src/app/snapshot/snapshot.ts';
import { stoodText } from '../../../../src/report/snapshot-text.ts';
import { withRule } from '../../../support/app/edit-rules.ts';
import { memoryHost, type MemoryHost } from '../../../support/app/memory-host.ts';
import { onTerrain } from '../../../support/app/terrain-reader.ts';
import { recordedHost } from '../../../support/recorded/observation.ts';
import { recordedTerrain } from '../../../support/reach/terrain.ts';

const NAME = 'engine-28.5';
const { live, reply } = recordedHost(NAME);
const TERRAIN = onTerrain({}, recordedTerrain(NAME));
const CLOSING = '-A FORWARD -i eth0 -j DROP';
const closed: HostRules = withRule(live.rules, 'ipv4', 'filter', CLOSING, 'first');

async function recorded(host: MemoryHost, request: SnapshotRequest = {}): Promise<readonly SnapshotEvent[]> {
  const events: SnapshotEvent[] = [];
  await snapshot(Object.assign(host, { terrain: TERRAIN }), request, (event) => events.push(event));
  return events.filter(({ kind }) => kind === 'stood');
}

const stoodIn = ({ stored }: MemoryHost): readonly string[] =>
  (stored.at(-1)?.baseline.stood ?? []).map(({ rule }) => rule);

test('a snapshot of a host where nobody decides before Docker records nobody', async () => {
  const host = memoryHost(live.rules, reply);
  expect(await recorded(host)).toEqual([]);
  expect(stoodIn(host)).toEqual([]);
});

test('a rule that decides before Docker is recorded as meant, and the snapshot says so', async () => {
  const host = memoryHost(closed, reply);
  const [said] = await recorded(host);
  expect(stoodIn(host)).toEqual([CLOSING]);
  expect(said?.kind === 'stood' && stoodText(said.rules, said.ways)).toBe(
    "note: 1 rule that decides 85 ways before Docker's rules counts as meant from now on: filter FORWARD: -A FORWARD -i eth0 -j DROP",
  );
});

test('a timer takes no new rule for meant, and keeps what was recorded', async () => {
  const host = memoryHost(live.rules, reply);
  await recorded(host);
  host.rules = closed;
  await recorded(host, { ifChanged: true });
  expect(stoodIn(host)).toEqual([]);
  await recorded(host);
  expect(stoodIn(host)).toEqual([CLOSING]);
  await recorded(host, { ifChanged: true });
  expect(stoodIn(host)).toEqual([CLOSING]);
});

test.each(['some', 'all'] as const)('nor where %s baselines can no longer be used', async (which) => {
  const host = memoryHost(live.rules, reply);
  await recorded(host);
  await recorded(host);
  const { open } = host.baselines;
  const newest = host.stored.at(-1)?.id;
  Object.assign(host.baselines, {
    open: (id: string | undefined) =>
      which === 'all' || id === newest
        ? Promise.reject(new Fault('RG_BASELINE', 3, 'the baseline is damaged'))
        : open(id),
  });
  host.rules = closed;
  await recorded(host, { ifChanged: true });
  expect(host.stored).toHaveLength(3);
  expect(stoodIn(host)).toEqual([]);
});
