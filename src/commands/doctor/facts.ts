import { hostname } from 'node:os';
import { realDiagnosisHost } from '../../app/diagnose/real-diagnosis-host.ts';
import { recordFacts } from '../../app/peers/record-facts.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Context, Exit } from '../context.ts';
import { reporting } from '../shared/report-events.ts';

/**
 * `rulesguard doctor --facts`: prints what is read of this host, for doctor on another. Changes nothing.
 *
 * @param target - what is to be read in depth: a container, a network or a port
 */
export async function printFacts(target: string | undefined, context: Context): Promise<Exit> {
  const about = { host: hostname(), program: packageJson.version };
  const facts = await reporting(context, (on) =>
    recordFacts(realDiagnosisHost(context.stateDir), target === undefined ? [] : [target], about, on),
  );
  context.print(`${JSON.stringify(facts)}\n`);
  return 0;
}
