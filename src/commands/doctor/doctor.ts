import { diagnoseHost } from '../../app/diagnose/diagnose-host.ts';
import { realDiagnosisHost } from '../../app/diagnose/real-diagnosis-host.ts';
import { doctorJson } from '../../report/doctor/json.ts';
import { doctorText } from '../../report/doctor/text.ts';
import type { Context, Exit } from '../context.ts';
import { reporting } from '../shared/report-events.ts';

export interface DoctorArgs {
  readonly target: string | undefined;
  readonly from: string | undefined;
  /** Whom the target asks: then the target is the asker. */
  readonly to: string | undefined;
  readonly probe: boolean | undefined;
  readonly verbose: boolean | undefined;
  readonly json: boolean | undefined;
  readonly html: string | undefined;
  readonly bundle: string | undefined;
  readonly mask: boolean | undefined;
  /** What was read is printed, and not judged. */
  readonly facts: boolean | undefined;
  /** The port another host sends a probe from: what comes of it is printed. */
  readonly listen: number | undefined;
  /** The other host of two. */
  readonly peer: string | undefined;
  readonly here: string | undefined;
  /** Files of facts of a fleet. */
  readonly matrix: readonly string[] | undefined;
}

/** `rulesguard doctor`: why packets do not arrive, and what fixes it. Exit 0 healthy, 1 a fault found, 3 cannot tell. */
export async function run(args: DoctorArgs, context: Context): Promise<Exit> {
  if (args.facts === true) return (await import('./facts.ts')).printFacts(args.target, context);
  if (args.listen !== undefined)
    return (await import('./listen.ts')).printListened(args.listen, args.target, context);
  const { peer, matrix } = args;
  if (matrix !== undefined) return (await import('./matrix.ts')).runMatrix(matrix, args, context);
  if (peer !== undefined) return (await import('./peers.ts')).runPeers({ ...args, peer }, context);
  const { paint, print, stateDir, unsettled } = context;
  const { probe = false } = args;
  const { target, from = '' } = args.to === undefined ? args : { target: args.to, from: args.target };
  const real = realDiagnosisHost(stateDir);
  // Masked facts would be those of no host: addresses of two are masked differently.
  const noted =
    args.bundle === undefined || args.mask === true
      ? undefined
      : (await import('../../app/peers/record-facts.ts')).notedHost(real);
  const { facts, diagnosis, exit } = await reporting(context, (on) =>
    diagnoseHost(noted?.host ?? real, { target, from, probe }, on),
  );
  if (args.html !== undefined || args.bundle !== undefined) {
    const { writeReports } = await import('./files.ts');
    await writeReports(args, { diagnosis, facts, noted }, context);
  }
  print(
    args.json === true
      ? `${JSON.stringify(doctorJson(diagnosis), undefined, 2)}\n`
      : doctorText(diagnosis, paint, { verbose: args.verbose === true }),
  );
  return exit === 0 ? (unsettled?.exit ?? 0) : exit;
}
