import { Fault } from '../../fault.ts';
import { hookPost } from './hook-post.ts';
import { hookPre } from './hook-pre.ts';
import type { Half, HookPort, HookRequest } from './hook.ts';

/**
 * Runs one half of a hook and notes what became of it. Around a firewall change nothing of ours may be in the way:
 * whatever goes wrong is an event, and noted for `hook status`.
 *
 * @param request - reads the configuration; with a wrong key in it, what was meant is not known: not even whether to repair
 * @returns its exit code; 0 unless `--strict` asks for the usual ones
 * @throws what went wrong, under `--strict`
 */
export async function runHook(
  phase: 'pre' | 'post',
  target: string,
  strictAsked: boolean,
  request: () => Promise<HookRequest & { readonly port: HookPort }>,
  port: Pick<HookPort, 'noteFired' | 'emit'>,
): Promise<0 | 1> {
  let strict = strictAsked;
  try {
    const { port: full, ...asked } = await request();
    strict = asked.settings.strict;
    const { fired, exit } = await (phase === 'pre' ? hookPre(asked, full) : hookPost(asked, full));
    await note(target, fired, port);
    return strict ? exit : 0;
  } catch (error) {
    await note(target, failed(phase, error), port);
    if (strict) throw error;
    port.emit({ kind: 'failed', error });
    return 0;
  }
}

function failed(phase: 'pre' | 'post', error: unknown): Half['fired'] {
  const says = messageOf(error);
  if (phase === 'post') return { post: { outcome: 'failed', says } };
  const outcome = error instanceof Fault && error.code === 'RG_DAMAGED' ? 'damaged' : 'failed';
  return { pre: { outcome, says } };
}

async function note(
  target: string,
  fired: Half['fired'],
  { noteFired, emit }: Pick<HookPort, 'noteFired' | 'emit'>,
): Promise<void> {
  try {
    await noteFired(target, fired);
  } catch (error) {
    emit({ kind: 'not-noted', reason: messageOf(error) });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
