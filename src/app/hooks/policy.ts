import type { EngineReply } from '../../docker/engine-reply.ts';
import { Fault } from '../../fault.ts';
import type { Fired } from '../../hooks/fired.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';

/** How long a record of `hook pre` counts as that of the change `hook post` follows, in milliseconds. */
const FRESH = 600_000;

/**
 * Whether the newest baseline is this change's own record: then nothing in it is stale, whether an Engine answers or not.
 *
 * @param fired - when the hook's halves last ran
 * @param now - milliseconds since 1970
 */
export function isFresh(
  fired: Pick<Fired, 'pre'> | undefined,
  stored: Pick<StoredBaseline, 'id'> | undefined,
  now: number,
): boolean {
  const { pre } = fired ?? {};
  if (pre?.baseline === undefined || stored === undefined) return false;
  return pre.baseline === stored.id && now - Date.parse(pre.at) < FRESH;
}

/**
 * Whether dockerd has not run since the machine was booted: firewalls are loaded before it starts, and what it will write
 * is not lost.
 *
 * @param booted - milliseconds since 1970
 */
export function isBeforeDocker(
  engine: EngineReply,
  stored: { readonly baseline: Pick<StoredBaseline['baseline'], 'created'> } | undefined,
  booted: number,
): boolean {
  if (engine.answered || stored === undefined) return false;
  if (!isNoEngine(engine.fault)) return false;
  return Date.parse(stored.baseline.created) < booted;
}

/** Whether no Engine is there, rather than one that hangs or cannot be asked. */
export const isNoEngine = ({ code }: Pick<Fault, 'code'>): boolean =>
  code === 'RG_ENGINE_ABSENT' || code === 'RG_ENGINE_DOWN';

/** Whether there is nothing to guard: neither a baseline nor an Engine, rather than an Engine that hangs or cannot be asked. */
export const isNothingThere = (error: unknown): boolean =>
  error instanceof Fault &&
  error.code === 'RG_NO_BASELINE' &&
  (!(error.cause instanceof Fault) || isNoEngine(error.cause));
