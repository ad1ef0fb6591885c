import { Fault } from '../fault.ts';
import { countDockers } from '../guard/desired.ts';
import { age, count, type Paint } from '../report/text.ts';
import { withLock } from '../system/lock.ts';
import { listNumbered, pruneNumbered } from '../system/numbered.ts';
import { baselineFolder, openBaseline, type StoredBaseline } from '../system/store.ts';
import { readTrusted } from '../system/files.ts';
import type { Context, Exit } from './context.ts';

export interface BaselineArgs {
  readonly action: 'list' | 'show' | 'verify' | 'prune';
  readonly id: string | undefined;
  readonly keep: number;
}

/** `rulesguard baseline`: what has been recorded. `verify` exits 1 when a baseline is not usable. */
export async function run(args: BaselineArgs, context: Context): Promise<Exit> {
  switch (args.action) {
    case 'list':
      return list(context);
    case 'show':
      context.print(await readTrusted((await openBaseline(context.stateDir, args.id)).path, 'baseline'));
      return 0;
    case 'verify':
      return verify(context);
    case 'prune':
      return prune(args.keep, context);
    default:
      return args.action satisfies never;
  }
}

/** A baseline, or why it cannot be used. */
async function tryOpen(stateDir: string, id: string): Promise<StoredBaseline | Fault> {
  try {
    return await openBaseline(stateDir, id);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

async function list({ stateDir, paint, print }: Context): Promise<Exit> {
  const ids = await listNumbered(baselineFolder(stateDir));
  if (ids.length === 0)
    print(`No baselines in ${baselineFolder(stateDir)}. While all is well: rulesguard snapshot\n`);
  for (const id of ids) print(`${line(id, await tryOpen(stateDir, id), paint)}\n`);
  return 0;
}

function line(id: string, stored: StoredBaseline | Fault, paint: Paint): string {
  if (stored instanceof Fault) return `${id}  ${paint('red', 'not usable')}  ${stored.message}`;
  const { baseline, owned } = stored;
  const seconds = (Date.now() - Date.parse(baseline.created)) / 1000;
  const engine = baseline.engine === null ? 'Engine not asked' : `Engine ${baseline.engine.version}`;
  return `${id}  ${age(seconds)} old  ${count(countDockers(owned), 'rule')}  ${baseline.backend}  ${engine}`;
}

/** Every file is sound, and each follows from the one before it. */
async function verify({ stateDir, paint, print }: Context): Promise<Exit> {
  const ids = await listNumbered(baselineFolder(stateDir));
  if (ids.length === 0) await openBaseline(stateDir);
  let previous: StoredBaseline | undefined;
  let exit: Exit = 0;
  for (const id of ids) {
    const stored = await tryOpen(stateDir, id);
    const trouble =
      stored instanceof Fault ? [stored.message, ...stored.details] : chainTrouble(stored, previous);
    if (trouble.length > 0) exit = 1;
    print(
      `${id}  ${trouble.length === 0 ? paint('green', 'sound') : paint('red', trouble.join('\n    '))}\n`,
    );
    previous = stored instanceof Fault ? undefined : stored;
  }
  return exit;
}

function chainTrouble({ baseline }: StoredBaseline, previous: StoredBaseline | undefined): readonly string[] {
  if (previous === undefined || baseline.previous === previous.digest) return [];
  return [
    `does not follow from ${previous.id}: a baseline between them was taken out, or this one was slipped in`,
  ];
}

async function prune(keep: number, { stateDir, runDir, waitSeconds, print }: Context): Promise<Exit> {
  const gone = await withLock(runDir, waitSeconds, () => pruneNumbered(baselineFolder(stateDir), keep));
  print(
    gone.length === 0
      ? `Nothing to delete: there are no more than ${count(keep, 'baseline')}.\n`
      : `Deleted ${count(gone.length, 'baseline')}, kept the newest ${String(keep)}.\n`,
  );
  return 0;
}
