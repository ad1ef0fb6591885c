import { Fault } from '../fault.ts';

/** Verbs whose work is done whether or not it could be reported. */
const DEEDS: ReadonlySet<string> = new Set(['restore', 'snapshot', 'hook', 'run']);
/** Options with which a verb only reports. */
const REPORTING: readonly string[] = ['--print', '--dry-run'];

/**
 * The fault of an output that could not be written whole, and whether the command did something that stays done.
 *
 * @param lost - why, as the system says it
 * @param argv - the words after `rulesguard`
 */
export function lostOutputFault(
  lost: string,
  argv: readonly string[],
): { readonly fault: Fault; readonly isDone: boolean } {
  const isDone = argv.some((word) => DEEDS.has(word)) && !argv.some((word) => REPORTING.includes(word));
  const fault = new Fault('RG_OUTPUT', 3, `standard output could not be written whole: ${lost}`, {
    ...(isDone ? { details: ['What was done is done; only the report of it is lost.'] } : {}),
    hint: 'Write it somewhere else, or make room there: df',
  });
  return { fault, isDone };
}
