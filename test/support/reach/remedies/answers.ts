import type { Finding } from '../../../../src/reconcile/finding.ts';
import type { Diagnosis, NamedPath } from '../../../../src/doctor/diagnosis.ts';
import type { Path } from '../../../../src/trace/path.ts';
import type { Host } from '../../host.ts';
import type { Outcome } from '../../program.ts';

/** Counts of cells as `check --json` prints them. */
interface CheckedCells {
  readonly lost: number;
  readonly opened: number;
  readonly degraded: number;
  readonly unknown: number;
  readonly closedByOperator: number;
  readonly openedByOperator: number;
  readonly unjudged: number;
}

/** An effect as `check --json` prints it. */
export interface CheckedEffect {
  readonly effect: string;
  readonly cause: string;
  readonly reasons: readonly string[];
  readonly cells: number;
  readonly remedy?: string;
}

/** What `check --json` says. */
export interface CheckAnswer {
  readonly code: number;
  readonly state: string;
  readonly packets: { readonly judged: true; readonly cells: CheckedCells } | { readonly judged: false };
  readonly effects: readonly CheckedEffect[];
  readonly findings: readonly Finding[];
}

/** A path as `doctor --json` prints it. */
export interface PrintedPath extends Omit<NamedPath, 'path'> {
  readonly packet: Path['packet'];
}

/** What `doctor --json` says. */
export interface DoctorAnswer extends Pick<Diagnosis, 'causes' | 'checks' | 'verdict'> {
  readonly code: number;
  readonly paths: readonly PrintedPath[];
}

/** The document that a verb printed. @throws Error with what it said where it printed none */
function parsed({ code, stdout, stderr }: Outcome, words: readonly string[]): unknown {
  if (stdout === '') throw new Error(`${words.join(' ')}: exit ${String(code)}: ${stderr}`);
  // Programs' output comes byte by byte.
  const text = Buffer.from(stdout, 'latin1').toString();
  return { ...(JSON.parse(text) as object), code };
}

/** Where an iptables of these rules' age cannot show what nft wrote, check tells nothing, and says so by exit 3. */
export async function askCheck(host: Host): Promise<CheckAnswer> {
  const words = ['check', '--json'];
  const { code, stdout, stderr } = await host.attempt(words);
  if (code === 3 && stdout === '' && stderr.startsWith('CANNOT TELL'))
    return { code, state: 'cannot tell', packets: { judged: false }, effects: [], findings: [] };
  return parsed({ code, stdout, stderr }, words) as CheckAnswer;
}

/** Asks about the whole host, or a target; once more where the machine was too busy for dockerd to answer. */
export async function askDoctor(host: Host, ...target: readonly string[]): Promise<DoctorAnswer> {
  const words = ['doctor', ...target, '--json'];
  const ask = async (): Promise<DoctorAnswer> => parsed(await host.attempt(words), words) as DoctorAnswer;
  const answer = await ask();
  return answer.causes.some(({ code }) => code === 'engine-hung') ? ask() : answer;
}
