import type { Host } from '../host.ts';
import type { Judged } from './judge.ts';

/** Counts of cells as `check --json` prints them. */
interface CheckCells {
  readonly lost: number;
  readonly opened: number;
  readonly degraded: number;
  readonly closedByOperator: number;
  readonly openedByOperator: number;
}

interface CheckDocument {
  readonly state: string;
  readonly packets: { readonly judged: true; readonly cells: CheckCells } | { readonly judged: false };
}

/** What check and doctor say of a host, and why packets refute them. */
export interface Verdicts {
  readonly check: string;
  /** '' where it was not asked. */
  readonly doctor: string;
  /** Empty where packets bear them out. */
  readonly wrong: readonly string[];
}

/**
 * Asks check and doctor about a host whose every cell was measured.
 *
 * @param judged - what packets say of each cell
 * @param isDoctorAsked - doctor takes as long as all else together
 */
export async function askVerdicts(
  host: Host,
  judged: readonly Judged[],
  isDoctorAsked: boolean,
): Promise<Verdicts> {
  const [check, doctor] = await Promise.all([
    host.attempt(['check', '--json']),
    isDoctorAsked ? host.attempt(['doctor']) : undefined,
  ]);
  const document = JSON.parse(check.stdout === '' ? '{}' : check.stdout) as Partial<CheckDocument>;
  const said = {
    check: `${document.state ?? ''} ${String(check.code)}`,
    doctor: doctor === undefined ? '' : `${doctor.stdout.split(/\s/)[0] ?? ''} ${String(doctor.code)}`,
  };
  const counts = (...effects: readonly string[]): number =>
    judged.filter(({ effect }) => effects.includes(effect)).length;
  const isKnown = judged.every(({ cell }) => cell.is !== 'unknown');
  const [cut, open] = [counts('outage', 'degraded'), counts('exposure')];
  const { packets } = document;
  const wrong: string[] = [];
  if (packets?.judged !== true) return { ...said, wrong: [`check followed no packet: ${check.stderr}`] };
  const { lost, opened, degraded, closedByOperator, openedByOperator } = packets.cells;
  const [toldCut, toldOpen] = [lost + degraded + closedByOperator, opened + openedByOperator];
  const isTold = check.code !== 3;
  if (isTold && cut > 0 && toldCut === 0)
    wrong.push(`check (${said.check}) tells no outage, packets show ${String(cut)}`);
  if (isTold && open > 0 && toldOpen === 0)
    wrong.push(`check (${said.check}) tells no exposure, packets show ${String(open)}`);
  if (isKnown && cut === 0 && toldCut > 0)
    wrong.push(`check tells ${String(toldCut)} outages, packets show none`);
  if (isKnown && open === 0 && toldOpen > 0)
    wrong.push(`check tells ${String(toldOpen)} exposures, packets show none`);
  if (check.code === 0 && lost + degraded + opened > 0) wrong.push('check is INTACT, and tells damage');
  // What operators close and open on purpose, doctor's default run does not count.
  if (doctor?.code === 0 && cut + open > 0 && lost + degraded + opened > 0)
    wrong.push(`doctor is HEALTHY, packets show ${String(cut)} outages and ${String(open)} exposures`);
  // Rules that are lost are a fault of their own, whatever packets show.
  if (isKnown && doctor?.code === 1 && check.code === 0 && cut === 0 && open === 0)
    wrong.push(
      `doctor tells a fault, every cell is as it should be: ${doctor.stdout.split('\n').slice(0, 3).join(' / ')}`,
    );
  return { ...said, wrong };
}
