import { REAL_TERRAIN } from '../app/reach/real-terrain.ts';
import { realHost } from '../app/real-host.ts';
import { snapshot } from '../app/snapshot/snapshot.ts';
import { watchProcesses } from '../host/service/watch-process.ts';
import { recordedText, unchangedText } from '../report/snapshot-text.ts';
import type { Context, Exit } from './context.ts';
import { skippedText, whyOff } from './shared/scheduled.ts';
import { reportingSnapshot } from './shared/report-snapshot.ts';

export interface SnapshotArgs {
  readonly force: boolean | undefined;
  readonly repairFirst: boolean | undefined;
  readonly ifChanged: boolean | undefined;
  /** For timers: `ifChanged`, and nothing at all where automatic writes are switched off. */
  readonly scheduled: boolean | undefined;
  readonly all: boolean | undefined;
  readonly keep: number;
  readonly declare: boolean | undefined;
  /** `declare`: tables of nftables in the place of DOCKER-USER. */
  readonly table?: readonly string[] | undefined;
  /** `declare`: replace what is declared. */
  readonly yes: boolean | undefined;
}

/** `rulesguard snapshot`: records Docker's rules as they are now. Exit 1 when they look damaged. */
export async function run(args: SnapshotArgs, context: Context): Promise<Exit> {
  if (args.declare === true) {
    const { runDeclare, runDeclareTables } = await import('./shared/declare.ts');
    const { table: tables = [] } = args;
    if (tables.length > 0) return runDeclareTables(tables, args.yes === true, context);
    return runDeclare(args.yes === true, context);
  }
  const { print, paint } = context;
  if (args.scheduled === true) {
    const off = await whyOff(context);
    if (off !== undefined) {
      print(skippedText(off, 'nothing recorded'));
      return 0;
    }
    const [watcher] = watchProcesses();
    if (watcher !== undefined) {
      print(
        `SKIPPED  rulesguard watch (pid ${String(watcher)}) keeps the baseline up to date; nothing recorded\n`,
      );
      return 0;
    }
  }
  const request = { ...args, ifChanged: args.ifChanged === true || args.scheduled === true };
  const taken = await reportingSnapshot(context, (on) =>
    snapshot({ ...realHost(context), terrain: REAL_TERRAIN }, request, on),
  );
  const shown = args.all === true ? 'all' : 'some';
  print(taken.verdict === 'recorded' ? recordedText(taken, paint, shown) : unchangedText(taken.id, paint));
  return 0;
}
