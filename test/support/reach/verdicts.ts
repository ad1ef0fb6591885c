import type { CheckCode } from '../../../src/doctor/codes.ts';
import type { Judged } from './judge.ts';
import type { CheckAnswer, DoctorAnswer } from './remedies/answers.ts';
import { isAmiss } from './remedies/promises.ts';

/** What check and doctor say of a host, and why packets refute them. */
export interface Verdicts {
  readonly check: string;
  /** '' where it was not asked. */
  readonly doctor: string;
  /** Empty where packets bear them out. */
  readonly wrong: readonly string[];
}

/** Causes that are about something else than a way of the table, each with what it is. */
const NOT_A_WAY: Readonly<Partial<Record<CheckCode, string>>> = {
  'rules-lost': 'rules are lost, and nobody asks what they decide about today',
  'rules-stale': 'rules of what is gone are back, and nobody asks for it today',
  'policy-changed': "FORWARD's policy also decides about what is not Docker's, which nobody here asks for",
  'guests-stopped': "guests of bridges that are not Docker's",
};

/**
 * Holds what check and doctor say of a host against every cell of it, measured.
 *
 * @param judged - what packets say of each cell
 */
export function judgeVerdicts(
  check: CheckAnswer,
  doctor: DoctorAnswer | undefined,
  judged: readonly Judged[],
): Verdicts {
  return {
    check: `${check.state} ${String(check.code)}`,
    doctor: doctor === undefined ? '' : `${doctor.verdict} ${String(doctor.code)}`,
    wrong: [
      ...wrongOfCheck(check, judged),
      ...(doctor === undefined ? [] : [...wrongOfDoctor(doctor, judged), ...disagreementOf(check, doctor)]),
    ],
  };
}

const EFFECTS = { lost: 'outage', opened: 'exposure', degraded: 'degraded' } as const;

function wrongOfCheck({ code, state, packets }: CheckAnswer, judged: readonly Judged[]): readonly string[] {
  if (!packets.judged) return code === 3 ? [] : ['check followed no packet'];
  const amiss = judged.filter(isAmiss);
  const wrong = Object.entries(EFFECTS).flatMap(([key, effect]) => {
    const told = packets.cells[key as keyof typeof EFFECTS];
    const shown = judged.filter(({ cell }) => cell.effect === effect).length;
    return told === shown ? [] : [`check tells ${String(told)} × ${effect}, the table ${String(shown)}`];
  });
  if (code === 0 && amiss.length > 0) wrong.push(`check is ${state}, and ${namesOf(amiss)} are amiss`);
  const isAllWell = judged.every(({ cell, effect }) => effect === 'same' && cell.effect !== 'degraded');
  if (code === 1 && state !== 'damaged' && isAllWell)
    wrong.push(`check is ${state}, and packets show nothing amiss`);
  return wrong;
}

function wrongOfDoctor({ code, causes }: DoctorAnswer, judged: readonly Judged[]): readonly string[] {
  const amiss = judged.filter(isAmiss);
  if (code === 0 && amiss.length > 0) return [`doctor is HEALTHY, and ${namesOf(amiss)} are amiss`];
  const isUnknown = judged.some(({ cell }) => cell.effect === 'unknown' && cell.cause !== 'operator');
  if (code === 0 && isUnknown) return ['doctor is HEALTHY, and the table cannot tell of every way'];
  if (code === 3 && !isUnknown && amiss.length > 0)
    return [`doctor cannot tell, and ${namesOf(amiss)} are amiss`];
  const isHidden = judged.some(({ cell }) => cell.effect === 'degraded');
  if (code !== 1 || amiss.length > 0 || isUnknown || isHidden) return [];
  return causes
    .filter((cause) => NOT_A_WAY[cause.code] === undefined)
    .map(({ code: of, title }) => `doctor tells a fault, and packets show nothing amiss: ${of}: ${title}`);
}

/** One says that all is well, and the other counts ways that are not. */
function disagreementOf({ code, packets }: CheckAnswer, doctor: DoctorAnswer): readonly string[] {
  if (!packets.judged) return [];
  const { lost, opened, degraded } = packets.cells;
  const isCounted = lost + opened + degraded > 0;
  const faults = doctor.causes.filter((cause) => NOT_A_WAY[cause.code] === undefined);
  return [
    ...(isCounted && doctor.code === 0 ? ['check counts ways that are amiss, and doctor is HEALTHY'] : []),
    ...(code === 0 && faults.length > 0
      ? [`check is INTACT, and doctor tells ${faults.map(({ title }) => title).join('; ')}`]
      : []),
  ];
}

const namesOf = (judged: readonly Judged[]): string =>
  `${String(judged.length)} ways (${judged
    .slice(0, 3)
    .map(({ name, effect }) => `${effect} ${name}`)
    .join(', ')})`;
