import { Fault } from '../fault.ts';
import { printable } from '../report/text.ts';
import { noteFired, type FiredPost, type FiredPre } from '../system/hook-fired.ts';
import type { Context, Exit } from './context.ts';
import { HOOK_DEFAULTS } from './hook-settings.ts';

/** Options of `hook pre` and `hook post`. */
export interface FireArgs {
  /** Whose hook it is, for `hook status`. */
  readonly target: string;
  readonly mode: 'repair' | 'report' | 'off' | undefined;
  readonly policies: boolean | undefined;
  readonly strict: boolean | undefined;
}

/** How a hook is to behave: options first, then the configuration. */
export interface HookSettings {
  readonly pre: 'record' | 'off';
  readonly post: 'repair' | 'report' | 'off';
  readonly policies: boolean;
  readonly strict: boolean;
}

/** What one half of a hook came to, and its exit code under `--strict`. */
export interface Half {
  readonly fired: { readonly pre: FiredPre } | { readonly post: FiredPost };
  readonly exit: 0 | 1;
}

/**
 * Runs one half of a hook. Around a firewall change nothing of ours may be in the way: whatever goes wrong is told on
 * stderr and noted for `hook status`, and the exit code is 0, unless `--strict` asks for the usual ones.
 */
export async function fire(
  phase: 'pre' | 'post',
  work: (settings: HookSettings) => Promise<Half>,
  args: FireArgs,
  context: Context,
): Promise<Exit> {
  const settings: HookSettings = {
    ...HOOK_DEFAULTS,
    ...(args.mode === undefined ? {} : { post: args.mode }),
    ...(args.policies === undefined ? {} : { policies: args.policies }),
    ...(args.strict === undefined ? {} : { strict: args.strict }),
  };
  try {
    const { fired, exit } = await work(settings);
    await note(fired, args, context);
    return settings.strict ? exit : 0;
  } catch (error) {
    const says = messageOf(error);
    const outcome = error instanceof Fault && error.code === 'RG_DAMAGED' ? 'damaged' : 'failed';
    const fired = phase === 'pre' ? { pre: { outcome, says } } : { post: { outcome: 'failed', says } };
    await note(fired as Half['fired'], args, context);
    if (settings.strict) throw error;
    context.log.error(told(error, phase));
    return 0;
  }
}

async function note(fired: Half['fired'], { target }: FireArgs, { stateDir, log }: Context): Promise<void> {
  try {
    await noteFired(stateDir, target, fired);
  } catch (error) {
    log.warn(`note: when this hook fired could not be noted: ${messageOf(error)}`);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A fault as the command line tells it, and that the change goes on. */
function told(error: unknown, phase: 'pre' | 'post'): string {
  const { details, hint } =
    error instanceof Fault ? error : { details: [], hint: 'Please report this, with the command you typed.' };
  return [
    `rulesguard hook ${phase}: ${messageOf(error)}`,
    ...details.map((line) => `  ${printable(line)}`),
    ...(hint === undefined ? [] : [`→ ${hint}`]),
    ...(phase === 'pre' ? ['The firewall change goes on.'] : []),
  ].join('\n');
}
