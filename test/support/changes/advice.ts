import { commandLine } from '../../../src/shell.ts';
import type { Measured } from '../doctor/scene.ts';
import type { Host } from '../host.ts';
import type { Era } from '../lab/eras.ts';
import type { HostChange } from './change.ts';
import type { PrintedForecast } from './judge.ts';

/** What of a refusal's advice is tried. */
export interface Advice {
  readonly does: 'repair' | 'undo' | 'try';
  /** What is typed where all is as it was; it makes the change too. */
  readonly line: string;
}

const ERAS: readonly Era[] = ['20.10', '26.1', '28.5'];

/** Whether advice is tried on an Engine: that of each change on one of them. */
export const isAdviceTried = (era: Era, { name }: HostChange): boolean =>
  !ERAS.includes(era) || ERAS[name.length % ERAS.length] === era;

/** What a refusal advises; of two things one, undefined where it advises nothing that brings every way back. */
export function adviceOf({ command, next }: PrintedForecast): Advice | undefined {
  const of = (does: string): readonly string[] =>
    next.filter((step) => step.does === does).map((step) => step.command);
  const [repair] = of('repair');
  const [attempt] = of('try');
  const undo = of('undo');
  if (repair !== undefined) return { does: 'repair', line: repair };
  const made = commandLine(command);
  if (undo.length > 0 && (attempt === undefined || made.length % 2 === 0))
    return { does: 'undo', line: ['set -e', made, ...undo].join('\n') };
  return attempt === undefined ? undefined : { does: 'try', line: rolledBack(attempt) };
}

/** A change that waits to be confirmed, rolled back as soon as it does: without a terminal the command that made it waits as long. */
const rolledBack = (attempt: string): string =>
  [
    `${attempt} >/dev/null 2>&1 &`,
    'until rulesguard rollback 2>&1 | grep -q ROLLED; do kill -0 $! 2>/dev/null || break; sleep 0.2; done',
    'wait $! || true',
  ].join('\n');

/** What came of following advice. */
export interface Followed {
  readonly does: Advice['does'];
  /** Ways that are not as before. */
  readonly wrong: readonly string[];
  /** What was said, where any are. */
  readonly said: string;
}

/**
 * Types what a refusal advises, and says which ways are not as before. A repair is held to the ways that the change made worse, all else to
 * every way.
 *
 * @param worse - names of the ways that the change made worse
 */
export async function follow(
  { does, line }: Advice,
  on: { readonly host: Host; readonly measure: () => Promise<readonly Measured[]> },
  was: ReadonlyMap<string, string>,
  worse: ReadonlySet<string>,
): Promise<Followed> {
  const { stdout, stderr } = await on.host.type(line);
  for (let attempt = 0; ; attempt++) {
    const wrong = (await on.measure()).flatMap(({ flow: { name }, answer }) =>
      answer === was.get(name) || (does === 'repair' && !worse.has(name))
        ? []
        : [`${name}: "${answer}", not "${was.get(name) ?? ''}"`],
    );
    if (wrong.length === 0) return { does, wrong, said: '' };
    if (attempt > 0) return { does, wrong, said: `${stdout}${stderr}` };
  }
}
