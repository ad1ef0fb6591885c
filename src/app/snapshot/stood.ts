import type { StoodRule } from '../../reach/judge/foreign.ts';
import { standingIn } from '../../reach/judge/standing.ts';
import type { Observation } from '../../reconcile/observation.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import type { Listener } from '../events.ts';
import type { TerrainReader } from '../reach/ports.ts';

/** Rules of others decide before Docker's: recorded, they count as meant from now on. */
export interface StoodEvent {
  readonly kind: 'stood';
  readonly rules: readonly StoodRule[];
  /** Ways that they close, hide, open, or leave unknown. */
  readonly ways: number;
}

/**
 * What of others decides before Docker's rules, to be recorded as meant. Only an operator who records on purpose takes a new one for
 * meant: a timer, or what records before a change, keeps what was recorded and adds nothing, since an hour later nobody would hear of a
 * rule that cut a port. The first baseline takes what is there.
 *
 * @param terrain - undefined where this is not asked
 * @param from - the newest baseline that can be used, and whether to keep what it says: automatic records do, unless they are the first
 */
export async function stoodNow(
  terrain: TerrainReader | undefined,
  observation: Observation | undefined,
  { known, keep }: { readonly known: StoredBaseline | undefined; readonly keep: boolean },
  on: Listener<StoodEvent>,
): Promise<readonly StoodRule[]> {
  const before = known?.own === true ? (known.baseline.stood ?? []) : [];
  if (terrain === undefined || observation === undefined || keep) return before;
  // What records before a change adds nothing to a baseline: it need not load this.
  const { followPackets } = await import('../check/packets.ts');
  const { readSurroundings } = await import('../reach/read-terrain.ts');
  const { packets } = await followPackets(
    terrain,
    { observation, stood: [] },
    await readSurroundings(terrain),
  );
  if (!packets.judged) return before;
  const { cells } = packets.table;
  const rules = standingIn(cells);
  const ways = cells.filter(({ cause }) => cause === 'overridden').length;
  if (rules.length > 0) on({ kind: 'stood', rules, ways });
  return rules;
}
