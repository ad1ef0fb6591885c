import { setTimeout as sleep } from 'node:timers/promises';
import { EVENTS_PATH, engineEventFrom } from '../../watch/engine-event.ts';
import type { Source, Told } from '../../watch/seen.ts';
import { wouldStart } from '../engine/daemon.ts';
import { ENGINE_PATIENCE } from '../engine/http.ts';
import { findSocket } from '../engine/socket.ts';
import { follow } from '../engine/stream.ts';

/** Milliseconds before the Engine is asked again: the first time, and at most. */
const FIRST = 100;
const LONGEST = 3_000;
/** An event has a container's labels in it. */
const LONGEST_EVENT = 1024 * 1024;

/**
 * Tells what the Engine does to containers and networks, as its stream of events has it; when that closes (`engine-gone`), and when
 * the Engine answers again (`engine-back`). What happened in between was missed. An Engine that was stopped is not started by us: where
 * systemd holds its socket and no dockerd runs, nothing is asked.
 */
export function watchEngine(told: Told): Source {
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = (): boolean => signal.aborted;
  let had: 'nothing' | 'trouble' | 'answers' = 'nothing';
  let said: string | undefined;

  const say = (works: boolean, says: string): void => {
    if (!stopped() && said !== says) told.state({ source: 'engine', works, says });
    said = says;
  };
  const missed = (reason: string): void => {
    told.seen({ kind: 'missed', source: 'engine', reason });
  };

  /** Reads the stream until it closes. @throws Fault where it cannot be opened */
  async function once(): Promise<void> {
    const socket = await findSocket();
    if (wouldStart(socket)) throw new Error(`dockerd does not run; systemd holds ${socket}`);
    await follow({
      socket,
      path: EVENTS_PATH,
      patience: ENGINE_PATIENCE,
      longest: LONGEST_EVENT,
      signal,
      opened: () => {
        if (had === 'nothing') missed('it began to listen');
        else told.seen({ kind: 'engine-back' });
        had = 'answers';
        say(true, `events of the Engine on ${socket}`);
      },
      line: (line, cut) => {
        if (stopped() || line.trim() === '') return;
        const event = cut ? undefined : engineEventFrom(line);
        if (event !== undefined) told.seen(event);
        else missed(cut ? 'an event was longer than 1 MiB' : 'an event could not be read');
      },
    });
  }

  async function keepListening(): Promise<void> {
    for (let pause = FIRST; !stopped(); pause = Math.min(pause * 2, LONGEST)) {
      let why = 'the Engine closed its stream of events';
      try {
        await once();
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
      // Read anew: it changed meanwhile.
      if (listened()) pause = FIRST;
      if (!stopped() && listened()) told.seen({ kind: 'engine-gone' });
      had = 'trouble';
      say(false, why);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }
  const listened = (): boolean => had === 'answers';

  const ended = keepListening();
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}
