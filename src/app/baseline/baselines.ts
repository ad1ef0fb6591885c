import { Fault } from '../../fault.ts';
import { baselineDifference, type ChainDifference } from '../../reconcile/baseline-difference.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import type { Baselines, Host } from '../ports.ts';

/** One baseline, or why it cannot be used. */
export interface ListedBaseline {
  readonly id: string;
  readonly stored: StoredBaseline | Fault;
}

/** Every baseline, the oldest first. */
export async function listBaselines({
  list,
  open,
}: Pick<Baselines, 'list' | 'open'>): Promise<readonly ListedBaseline[]> {
  const listed: ListedBaseline[] = [];
  for (const id of await list()) listed.push({ id, stored: await openOrFault(open, id) });
  return listed;
}

async function openOrFault(open: Baselines['open'], id: string): Promise<StoredBaseline | Fault> {
  try {
    return await open(id);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** `latest` is the newest one, as is no name at all; `1` is short for `000001`. */
const whichOf = (typed: string | undefined): string | undefined =>
  typed === 'latest'
    ? undefined
    : typed !== undefined && /^\d+$/.test(typed)
      ? typed.padStart(6, '0')
      : typed;

/**
 * The baseline that was asked for.
 *
 * @param typed - an id or its number, a path, or `latest`; the newest when undefined
 * @throws Fault RG_NO_BASELINE, or of a baseline that cannot be used
 */
export const openTyped = (
  { open }: Pick<Baselines, 'open'>,
  typed: string | undefined,
): Promise<StoredBaseline> => open(whichOf(typed));

/** Two baselines, and what differs between them. */
export interface ComparedBaselines {
  readonly before: StoredBaseline;
  readonly after: StoredBaseline;
  readonly chains: readonly ChainDifference[];
}

/**
 * Compares Docker's rules, those of DOCKER-USER and policies of two baselines.
 *
 * @param typed - as in {@link openTyped}; without a first one nothing is compared, without a second one the newest is taken
 * @throws Fault RG_USAGE without a first one; RG_NO_BASELINE, or of a baseline that cannot be used
 */
export async function diffBaselines(
  baselines: Pick<Baselines, 'open'>,
  [first, second]: readonly [string | undefined, string | undefined],
): Promise<ComparedBaselines> {
  if (first === undefined)
    throw new Fault('RG_USAGE', 2, 'which baselines?', {
      hint: 'Name two, the older first: rulesguard baseline diff 1 latest. Which there are: rulesguard baseline list',
    });
  const before = await openTyped(baselines, first);
  const after = await openTyped(baselines, second);
  return { before, after, chains: baselineDifference(before, after) };
}

/** What is wrong with one baseline, in lines; none when it is sound. */
export interface VerifiedBaseline {
  readonly id: string;
  readonly trouble: readonly string[];
}

/**
 * Says of each baseline whether its file is sound and whether it follows from the one before it.
 *
 * @throws Fault RG_NO_BASELINE when there is none
 */
export async function verifyBaselines(
  baselines: Pick<Baselines, 'list' | 'open'>,
): Promise<readonly VerifiedBaseline[]> {
  const listed = await listBaselines(baselines);
  // It knows why there is none, and what to do.
  if (listed.length === 0) await baselines.open();
  return listed.map(({ id, stored }, index) => {
    if (stored instanceof Fault) return { id, trouble: [stored.message, ...stored.details] };
    const previous = listed[index - 1]?.stored;
    return { id, trouble: previous instanceof Fault ? [] : gapBefore(stored, previous) };
  });
}

function gapBefore({ baseline }: StoredBaseline, previous: StoredBaseline | undefined): readonly string[] {
  if (previous === undefined || baseline.previous === previous.digest) return [];
  return [
    `does not follow from ${previous.id}: a baseline between them was taken out, or this one was slipped in`,
  ];
}

/**
 * Deletes all but the newest baselines.
 *
 * @returns how many were deleted
 * @throws Fault RG_BUSY
 */
export async function pruneBaselines(
  { withLock, baselines }: Pick<Host, 'withLock'> & { readonly baselines: Pick<Baselines, 'prune'> },
  keep: number,
): Promise<number> {
  return (await withLock(() => baselines.prune(keep))).length;
}
