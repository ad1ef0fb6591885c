import { Fault } from '../fault.ts';
import { printable } from '../report/text.ts';
import { noteFired, type FiredPost, type FiredPre } from '../system/hook-fired.ts';
import type { Config } from '../system/config-defaults.ts';
import type { Context, Exit } from './context.ts';
import { configured } from './configured.ts';

/** Options of `hook pre` and `hook post`. */
export interface FireArgs {
  /** Whose hook it is, for `hook status`. */
  readonly target: string;
  readonly mode: 'repair' | 'report' | 'off' | undefined;
  readonly policies: boolean | undefined;
  readonly strict: boolean | undefined;
}

/** How a hook is to behave: options first, then the configuration. */
export type HookSettings = Config['hook'];

/** What one half of a hook came to, and its exit code under `--strict`. */
export interface Half {
  readonly fired: { readonly pre: FiredPre } | { readonly post: FiredPost };
  readonly exit: 0 | 1;
}

/**
 * Runs one half of a hook. Around a firewall change nothing of ours may be in the way: whatever goes wrong is told on
 * stderr and noted for `hook status`, and the exit code is 0, unless `--strict` asks for the usual ones.
 *
 * RULESGUARD_HOOKS=off switches it off for whatever a command starts: a rehearsal asks what the change alone does.
 */
export async function fire(
  phase: 'pre' | 'post',
  work: (settings: HookSettings, context: Context) => Promise<Half>,
  args: FireArgs,
  context: Context,
): Promise<Exit> {
  if (process.env['RULESGUARD_HOOKS'] === 'off') return 0;
  let strict = args.strict ?? false;
  try {
    // With a wrong key in it, what was meant is not known: not even whether to mend.
    const { config, context: waiting } = await configured(context);
    const settings = settingsOf(config, args);
    strict = settings.strict;
    const { fired, exit } = await work(settings, waiting);
    await note(fired, args, context);
    return strict ? exit : 0;
  } catch (error) {
    const says = messageOf(error);
    const outcome = error instanceof Fault && error.code === 'RG_DAMAGED' ? 'damaged' : 'failed';
    const fired = phase === 'pre' ? { pre: { outcome, says } } : { post: { outcome: 'failed', says } };
    await note(fired as Half['fired'], args, context);
    if (strict) throw error;
    context.log.error(told(error, phase));
    return 0;
  }
}

function settingsOf({ hook }: Config, { mode, policies, strict }: FireArgs): HookSettings {
  return {
    pre: hook.pre,
    post: mode ?? hook.post,
    policies: policies ?? hook.policies,
    strict: strict ?? hook.strict,
  };
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
