import type { Context, Exit } from '../context.ts';
import { completionScript, SHELLS, type CompletedShell } from './scripts.ts';

/** Options of `rulesguard completion`. */
export interface CompletionArgs {
  readonly shell: CompletedShell | undefined;
}

/** `rulesguard completion [SHELL]`: prints the script, for the shell that SHELL names where none is given. */
export function run({ shell }: CompletionArgs, { print }: Context): Promise<Exit> {
  const own = SHELLS.find((name) => (process.env['SHELL'] ?? '').endsWith(`/${name}`));
  print(completionScript(shell ?? own ?? 'bash'));
  return Promise.resolve(0);
}
