import type { Listener, NoticeEvent, StepEvent } from '../../app/events.ts';
import type { OpeningsEvent } from '../../app/restore/restore.ts';
import type { UndoneEvent } from '../../app/restore/undo.ts';
import type { RestoreResult } from '../../reconcile/repair-result.ts';
import { noticeText } from '../../report/notice-text.ts';
import { openingsText, restoreNotes, restoreText, undoneText } from '../../report/restore-text.ts';
import { Progress } from '../../host/log/progress.ts';
import type { Context } from '../context.ts';

type ReportedEvent = StepEvent | NoticeEvent | OpeningsEvent | UndoneEvent;

const STEPS: Readonly<Record<StepEvent['step'], string>> = {
  reading: 'reading the live rules of both families',
  settling: 'reading the live rules until two reads agree',
  repairing: 'repairing',
  gathering: 'reading the Engine, its containers, this host and its rules',
  'asking-peer': 'reading both hosts',
  probing: 'sending packets',
};

/** Runs a use case, and reports what it says while it works. */
export async function reporting<T>(
  context: Pick<Context, 'print' | 'paint' | 'log'>,
  work: (on: Listener<ReportedEvent>) => Promise<T>,
): Promise<T> {
  const progress = new Progress();
  try {
    return await work((event) => {
      report(event, progress, context);
    });
  } finally {
    progress.end();
  }
}

function report(
  event: ReportedEvent,
  progress: Progress,
  { print, paint, log }: Pick<Context, 'print' | 'paint' | 'log'>,
): void {
  switch (event.kind) {
    case 'step':
      progress.step(STEPS[event.step]);
      return;
    case 'notice':
      log.warn(noticeText(event.notice));
      return;
    case 'openings':
      log.warn(openingsText(event.baseline, event.rules));
      return;
    case 'undone':
      if (event.unjournaled !== undefined)
        log.warn(`note: the journal does not say that it was undone: ${event.unjournaled}`);
      print(undoneText(event, paint));
      return;
    default:
      event satisfies never;
  }
}

/** Reports what a restore did, and what it could not change: what decides before Docker's rules and is not Docker's. */
export async function reportRestored(
  result: RestoreResult,
  { print, paint, log, stateDir }: Pick<Context, 'print' | 'paint' | 'log' | 'stateDir'>,
): Promise<void> {
  const { applies, journal, steps, reference, after } = result;
  // Loaded only after a repair: most hooks need none.
  const { othersDeciding } = await import('../../app/check/others.ts');
  const { realCheckHost } = await import('../../app/check/real-check-host.ts');
  const others = await othersDeciding(realCheckHost(stateDir), reference, after);
  print(restoreText(result, paint, others));
  for (const note of restoreNotes(result)) log.warn(note);
  if (applies > 0) log.info(`journal ${journal.join(', ')}`, { journal, steps });
}
