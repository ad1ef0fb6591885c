import {
  snapshot,
  type SnapshotEvent,
  type SnapshotRequest,
  type Taken,
} from '../../../src/app/snapshot/snapshot.ts';
import { Fault } from '../../../src/fault.ts';
import type { MemoryHost } from './memory-host.ts';

/** Takes a snapshot; whatever becomes of it. */
export async function snapped(
  host: MemoryHost,
  request: SnapshotRequest = {},
): Promise<{
  readonly taken: Taken | undefined;
  readonly fault: Fault | undefined;
  readonly events: readonly SnapshotEvent[];
}> {
  const events: SnapshotEvent[] = [];
  try {
    const taken = await snapshot(host, request, (event) => events.push(event));
    return { taken, fault: undefined, events };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { taken: undefined, fault: error, events };
  }
}

/** The texts of all rules that the newest baseline holds as somebody's: `docker`, `shared` or `foreign`. */
export const recordedAs = ({ stored }: MemoryHost, owner: string): readonly string[] =>
  Object.entries(stored.at(-1)?.baseline.families ?? {}).flatMap(([family, tables]) =>
    tables.flatMap(({ name, chains }) =>
      chains.flatMap(({ rules }) =>
        rules.filter((rule) => rule.owner === owner).map(({ text }) => `${family} ${name} ${text}`),
      ),
    ),
  );
