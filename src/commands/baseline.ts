import {
  diffBaselines,
  listBaselines,
  openTyped,
  pruneBaselines,
  verifyBaselines,
} from '../app/baseline/baselines.ts';
import { realBaselines } from '../app/real-baselines.ts';
import { realHost } from '../app/real-host.ts';
import { Fault } from '../fault.ts';
import { readTrusted } from '../host/files/files.ts';
import { baselineFolder } from '../host/state/store.ts';
import { listedText, prunedText, verifiedText } from '../report/baseline-text.ts';
import { baselinesDiff, baselinesJson } from '../report/diff.ts';
import { printable } from '../report/text.ts';
import type { Context, Exit } from './context.ts';

export interface BaselineArgs {
  readonly action: 'list' | 'show' | 'diff' | 'verify' | 'prune';
  readonly id: string | undefined;
  /** For diff: the one to compare with. */
  readonly other: string | undefined;
  readonly json: boolean | undefined;
  readonly keep: number;
}

/** `rulesguard baseline`: what has been recorded. `verify` exits 1 when a baseline is not usable, `diff` when two differ. */
export async function run(args: BaselineArgs, context: Context): Promise<Exit> {
  switch (args.action) {
    case 'list':
      return list(context);
    case 'show':
      return show(args, context);
    case 'diff':
      return diff(args, context);
    case 'verify':
      return verify(context);
    case 'prune':
      return prune(args, context);
    default:
      return args.action satisfies never;
  }
}

async function list({ stateDir, paint, print }: Context): Promise<Exit> {
  const listed = await listBaselines(realBaselines(stateDir));
  if (listed.length === 0)
    print(`No baselines in ${printable(baselineFolder(stateDir))}. While all is well: rulesguard snapshot\n`);
  for (const { id, stored } of listed) {
    const seconds = stored instanceof Fault ? 0 : (Date.now() - Date.parse(stored.baseline.created)) / 1000;
    print(`${listedText(id, stored, seconds, paint)}\n`);
  }
  return 0;
}

/** The file as it is. */
async function show({ id }: BaselineArgs, { stateDir, print }: Context): Promise<Exit> {
  const { path } = await openTyped(realBaselines(stateDir), id);
  print(await readTrusted(path, 'baseline'));
  return 0;
}

async function diff({ id, other, json }: BaselineArgs, { stateDir, print }: Context): Promise<Exit> {
  const { before, after, chains } = await diffBaselines(realBaselines(stateDir), [id, other]);
  if (json === true) print(`${JSON.stringify(baselinesJson(before, after, chains), undefined, 2)}\n`);
  else if (chains.length > 0) print(baselinesDiff(before, after, chains));
  else print(`THE SAME  baselines ${before.id} and ${after.id} record the same rules of Docker's\n`);
  return chains.length === 0 ? 0 : 1;
}

async function verify({ stateDir, paint, print }: Context): Promise<Exit> {
  const verified = await verifyBaselines(realBaselines(stateDir));
  for (const { id, trouble } of verified) print(`${verifiedText(id, trouble, paint)}\n`);
  return verified.every(({ trouble }) => trouble.length === 0) ? 0 : 1;
}

async function prune({ keep }: BaselineArgs, context: Context): Promise<Exit> {
  context.print(`${prunedText(await pruneBaselines(realHost(context), keep), keep)}\n`);
  return 0;
}
