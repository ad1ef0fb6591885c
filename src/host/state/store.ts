import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Baseline } from '../../reconcile/baseline.ts';
import { readBaseline, type StoredBaseline } from '../../reconcile/stored-baseline.ts';
import { validate } from '../../generated/baseline.js';
import { makePrivateFolder } from '../files/files.ts';
import { listNumbered, nextId, numberedPath } from '../files/numbered.ts';
import { readSealed, writeSealed, type Refuse } from '../files/sealed.ts';

const SCHEMA = 'https://rulesguard.dev/schemas/baseline.schema.json';

/** The folder of the baselines below the state folder. */
export function baselineFolder(stateDir: string): string {
  return join(stateDir, 'baselines');
}

/**
 * Reads a baseline and judges it: file ownership, schema, digest, seal, and every rule's owner.
 *
 * @param stateDir - whose key seals this host's own
 * @param path - a file, anywhere
 * @throws Fault RG_UNSAFE_FILE or RG_BASELINE; a baseline that fails any of these is never used
 */
async function readBaselineFile(stateDir: string, path: string): Promise<StoredBaseline> {
  const refuse: Refuse = (message, details = []) => {
    throw new Fault('RG_BASELINE', 3, `the baseline ${path} is not used: ${message}`, {
      details,
      hint: 'Take another one (rulesguard baseline list, then --baseline ID), or record a new one when all is well: rulesguard snapshot',
    });
  };
  const { content, digest, own } = await readSealed(path, 'baseline', validate, refuse, stateDir);
  const baseline = content as Baseline;
  const read = readBaseline(baseline);
  if (read.objections.length > 0)
    refuse("it carries rules that are not Docker's", read.objections.slice(0, 5));
  return { id: path.replace(/^.*\//, '').replace(/\.json$/, ''), path, baseline, digest, own, ...read };
}

/**
 * The newest baseline, or the one asked for.
 *
 * @param which - an id of `baseline list` or a path (anything with a slash); the newest when undefined
 * @throws Fault RG_NO_BASELINE when there is none
 */
export async function openBaseline(stateDir: string, which?: string): Promise<StoredBaseline> {
  if (which?.includes('/') === true) return readBaselineFile(stateDir, which);
  const ids = await listNumbered(baselineFolder(stateDir));
  const id =
    which === undefined ? ids.at(-1) : ids.find((known) => known === which || known.startsWith(`${which}-`));
  if (id === undefined) {
    throw new Fault(
      'RG_NO_BASELINE',
      3,
      which === undefined
        ? `no baseline has been recorded in ${baselineFolder(stateDir)}`
        : `there is no baseline ${which} in ${baselineFolder(stateDir)}`,
      {
        hint:
          which === undefined
            ? "While Docker's rules are whole: rulesguard snapshot. If they are damaged now: systemctl restart docker, then snapshot."
            : 'See what there is: rulesguard baseline list',
      },
    );
  }
  return readBaselineFile(stateDir, numberedPath(baselineFolder(stateDir), id));
}

/**
 * The baseline a plan was made from.
 *
 * @param which - where it lies when it is not among those of the state folder: an id or a path
 * @throws Fault RG_NO_BASELINE when it is no longer kept
 */
export async function openBaselineByDigest(
  stateDir: string,
  digest: string,
  which?: string,
): Promise<StoredBaseline> {
  const ids = which === undefined ? (await listNumbered(baselineFolder(stateDir))).toReversed() : [which];
  for (const id of ids) {
    const stored = await openBaseline(stateDir, id).catch(() => undefined);
    if (stored?.digest === digest) return stored;
  }
  throw new Fault('RG_NO_BASELINE', 3, 'the baseline this plan was made from is no longer kept', {
    hint: 'Make it again: rulesguard restore --plan-out FILE',
  });
}

/** Writes a baseline as the newest one. */
export async function writeBaseline(stateDir: string, baseline: Baseline): Promise<StoredBaseline> {
  const folder = baselineFolder(stateDir);
  const id = nextId(await listNumbered(folder), baseline.created);
  const path = numberedPath(folder, id);
  await makePrivateFolder(folder);
  const digest = await writeSealed(path, SCHEMA, baseline, 1, stateDir);
  return { id, path, baseline, digest, own: true, ...readBaseline(baseline) };
}
