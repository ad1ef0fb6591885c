import { diagnose, withProof } from '../../doctor/diagnose.ts';
import type { Diagnosis } from '../../doctor/diagnosis.ts';
import type { Facts } from '../../doctor/facts/facts.ts';
import { coveringOf } from '../accept/acceptances.ts';
import type { Listener, NoticeEvent, StepEvent } from '../events.ts';
import { BY_BOTH, openReference } from '../observe/open-reference.ts';
import { gatherFacts } from './gather.ts';
import type { DiagnosisHost } from './ports.ts';

/** What doctor is to find out. */
export interface DiagnosisRequest {
  /** A container, a service, a network, an address, a URL or `HOST:PORT`, as typed; undefined for the whole host. */
  readonly target: string | undefined;
  /** Whose path to it: a container, an address, an interface, `host`, `outside`; '' for all of them. */
  readonly from: string;
  /** Whether real packets are sent. */
  readonly probe: boolean;
}

/** What doctor found. */
export interface Diagnosed {
  readonly facts: Facts;
  readonly diagnosis: Diagnosis;
  /** 0 healthy, 1 a fault found, 3 cannot tell. */
  readonly exit: 0 | 1 | 3;
}

const EXITS = { ok: 0, fail: 1, unknown: 3 } as const;

/**
 * Finds out why packets do not arrive, and what fixes it. Changes nothing, and takes no lock.
 *
 * @throws Fault RG_PRIVILEGE without root; RG_USAGE for a name that is nothing here, or more than one thing
 */
export async function diagnoseHost(
  host: DiagnosisHost,
  { target, from, probe }: DiagnosisRequest,
  on: Listener<StepEvent | NoticeEvent>,
): Promise<Diagnosed> {
  const reference = await openReference(BY_BOTH, host.baselines);
  on({ kind: 'step', step: 'gathering' });
  const named = [target ?? '', from].filter((name) => name !== '');
  const [gathered, accepted] = await Promise.all([
    gatherFacts(host, { reference, named }),
    coveringOf(host, on),
  ]);
  const facts = { ...gathered, accepted };
  const traced = diagnose(facts, { about: target, from });
  const diagnosis = probe ? await proved(host, traced, facts, on) : traced;
  return { facts, diagnosis, exit: EXITS[diagnosis.verdict] };
}

async function proved(
  host: DiagnosisHost,
  traced: Diagnosis,
  facts: Facts,
  on: Listener<StepEvent | NoticeEvent>,
): Promise<Diagnosis> {
  on({ kind: 'step', step: 'probing' });
  // Most runs send nothing, and need not load it.
  const { probePaths } = await import('./probe.ts');
  return withProof(traced, await probePaths(host, traced, facts));
}
