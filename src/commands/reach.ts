import { reach } from '../app/reach/reach.ts';
import { realReachHost } from '../app/reach/real-reach-host.ts';
import { reachCsv } from '../report/reach/csv.ts';
import { reachJson } from '../report/reach/json.ts';
import { reachText } from '../report/reach/text.ts';
import type { Context, Exit } from './context.ts';
import { reporting } from './shared/report-events.ts';

export interface ReachArgs {
  readonly target: string | undefined;
  readonly from: string | undefined;
  /** Whom the target asks: then the target is the asker. */
  readonly to: string | undefined;
  readonly all: boolean | undefined;
  readonly json: boolean | undefined;
  readonly csv: boolean | undefined;
}

/** `rulesguard reach`: who reaches what. Exit 0 as Docker means it, 1 something differs, 3 cannot tell. */
export async function run(args: ReachArgs, context: Context): Promise<Exit> {
  const { paint, print, stateDir, unsettled } = context;
  const all = args.all === true;
  const reached = await reporting(context, (on) =>
    reach(realReachHost(stateDir), { target: args.target, from: args.from, to: args.to }, on),
  );
  print(
    args.csv === true
      ? reachCsv(reached)
      : args.json === true
        ? `${JSON.stringify(reachJson(reached, { all }), undefined, 2)}\n`
        : reachText(reached, paint, { all }),
  );
  return reached.exit === 0 ? (unsettled?.exit ?? 0) : reached.exit;
}
