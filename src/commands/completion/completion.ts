import type { Context, Exit } from '../context.ts';
import { completionScript, type CompletedShell } from './scripts.ts';

/** Options of `rulesguard completion`. */
export interface CompletionArgs {
  readonly shell: CompletedShell | undefined;
}

/** `rulesguard completion [SHELL]`: prints the script, for the shell that SHELL names where none is given. */
export function run({ shell }: CompletionArgs, { print }: Context): Promise<Exit> {
  const own = (process.env['SHELL'] ?? '').endsWith('zsh') ? 'zsh' : 'bash';
  print(completionScript(shell ?? own));
  return Promise.resolve(0);
}
