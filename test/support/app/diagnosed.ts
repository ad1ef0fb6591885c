import {
  diagnoseHost,
  type Diagnosed,
  type DiagnosisRequest,
} from '../../../src/app/diagnose/diagnose-host.ts';
import type { DiagnosisHost } from '../../../src/app/diagnose/ports.ts';
import type { StepEvent } from '../../../src/app/events.ts';
import { Fault, type FaultCode } from '../../../src/fault.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { memoryDiagnosisHost, WHOLE_RULES } from './memory-diagnosis-host.ts';

/** What doctor found, and what it reported on the way. */
export interface DiagnosedHost extends Diagnosed {
  readonly steps: readonly StepEvent['step'][];
}

/**
 * Diagnoses a host in memory, the whole of it unless `request` says otherwise.
 *
 * @param rules - of the host
 * @param changes - what is different on this host
 */
export async function diagnosed(
  rules: HostRules = WHOLE_RULES,
  changes: Partial<DiagnosisHost> = {},
  request: Partial<DiagnosisRequest> = {},
): Promise<DiagnosedHost> {
  const steps: StepEvent['step'][] = [];
  const result = await diagnoseHost(
    memoryDiagnosisHost(rules, changes),
    { target: undefined, from: '', probe: false, ...request },
    (event) => {
      if (event.kind === 'step') steps.push(event.step);
    },
  );
  return { ...result, steps };
}

/** Fails as a source does that cannot be read. */
export const failing =
  (code: FaultCode, message = 'it cannot be read') =>
  (): Promise<never> =>
    Promise.reject(new Fault(code, 3, message));

/** The codes of all checks with a verdict. */
export const codesOf = ({ diagnosis }: Diagnosed, verdict: 'fail' | 'unknown'): readonly string[] =>
  diagnosis.checks.filter((check) => check.verdict === verdict).map(({ code }) => code);
