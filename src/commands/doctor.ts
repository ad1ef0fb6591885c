import { diagnose, withProof } from '../doctor/diagnose.ts';
import type { Diagnosis } from '../doctor/diagnosis.ts';
import type { Facts } from '../doctor/facts.ts';
import { doctorJson } from '../report/doctor-json.ts';
import { doctorText } from '../report/doctor-text.ts';
import { gatherFacts } from '../system/doctor/gather.ts';
import { withProgress } from '../system/progress.ts';
import type { Context, Exit } from './context.ts';
import { BY_BOTH, openMeasure } from './measure.ts';

export interface DoctorArgs {
  readonly target: string | undefined;
  readonly from: string | undefined;
  readonly probe: boolean | undefined;
  readonly verbose: boolean | undefined;
  readonly json: boolean | undefined;
  readonly html: string | undefined;
  readonly bundle: string | undefined;
  readonly mask: boolean | undefined;
}

const EXITS = { ok: 0, fail: 1, unknown: 3 } as const;

/** `rulesguard doctor`: why packets do not arrive, and what mends it. Exit 0 healthy, 1 a fault found, 3 cannot tell. */
export async function run(args: DoctorArgs, context: Context): Promise<Exit> {
  const { paint, print } = context;
  const measure = await openMeasure(BY_BOTH, context);
  const { target, from = '' } = args;
  const facts = await withProgress(
    'looking at the Engine, its containers, this host and its rules',
    gatherFacts({ measure, wanted: [target ?? '', from].filter((word) => word !== '') }),
  );
  const judged = diagnose(facts, { about: target, from });
  const diagnosis = args.probe === true ? await proved(judged, facts) : judged;
  if (args.html !== undefined || args.bundle !== undefined) {
    const { writeReports } = await import('./doctor-files.ts');
    await writeReports(args, diagnosis, facts, context);
  }
  print(
    args.json === true
      ? `${JSON.stringify(doctorJson(diagnosis), undefined, 2)}\n`
      : doctorText(diagnosis, paint, { verbose: args.verbose === true }),
  );
  return EXITS[diagnosis.verdict];
}

async function proved(diagnosis: Diagnosis, facts: Facts): Promise<Diagnosis> {
  const { probePaths } = await import('../system/doctor/probe.ts');
  return withProof(diagnosis, await withProgress('sending packets', probePaths(diagnosis, facts)));
}
