import { modeSays } from '../../watch/mode.ts';
import type { WatchPort, WatchSettings } from './ports.ts';
import { Watching } from './watching.ts';

/**
 * Watches until it is told to stop: looks whenever something may have changed, notes what differs and who changed it, and repairs what a
 * restore repairs where the mode says so. The order of things is `src/watch/schedule.ts`.
 *
 * @param stopping - ends it; a repair that has begun is finished first
 */
export async function watch(port: WatchPort, settings: WatchSettings, stopping: AbortSignal): Promise<void> {
  const watching = new Watching(port, settings);
  const source = port.listen({
    seen: (what) => {
      watching.saw(what);
    },
    state: (state) => {
      watching.notes.sourceIs(state);
    },
  });
  const onStop = (): void => {
    watching.wake();
  };
  stopping.addEventListener('abort', onStop);
  try {
    watching.notes.say('started', `watching, mode ${modeSays(settings.mode)}`);
    while (!stopping.aborted) await watching.next();
  } finally {
    stopping.removeEventListener('abort', onStop);
    await source.stop();
    watching.notes.say('stopped', 'no longer watching');
  }
}
