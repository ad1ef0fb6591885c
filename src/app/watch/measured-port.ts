import type { WatchHealth } from '../../watch/telling/health.ts';
import type { WatchMeter } from '../../watch/telling/meter.ts';
import { writerOf } from '../../watch/writer.ts';
import type { WatchPort } from './ports.ts';

/**
 * The same port, which tells a meter of all that passes, and whoever asks for watch's health that its loop goes on.
 *
 * @param onListen - is given what makes watch look again
 */
export function measuredPort(
  port: WatchPort,
  meter: WatchMeter,
  health: WatchHealth,
  onListen: (again: (reason: string) => void) => void,
): WatchPort {
  const step = <T>(work: () => Promise<T>): Promise<T> => {
    health.goesOn();
    return work().finally(() => {
      health.goesOn();
    });
  };
  const counted = async <T>(what: 'look' | 'repair', work: () => Promise<T>): Promise<T> => {
    try {
      return await step(work);
    } catch (error) {
      meter.failed(what);
      throw error;
    }
  };
  return {
    ...port,
    wait: async (until, signal) => {
      health.rests(until);
      await port.wait(until, signal);
      health.goesOn();
    },
    listen: (told) => {
      onListen((reason) => {
        told.seen({ kind: 'missed', source: 'settings', reason });
      });
      return port.listen({
        seen: (what) => {
          if (what.kind === 'rules' && writerOf(what.author, port) !== 'ours') meter.changed(what.author);
          if (what.kind === 'legacy-rules') meter.changed(undefined);
          told.seen(what);
        },
        state: (state) => {
          meter.source(state);
          told.state(state);
        },
      });
    },
    look: async (ways) => {
      const found = await counted('look', () => port.look(ways));
      if (found !== 'not-yet') {
        health.hasLooked();
        meter.looked(found.effects);
      }
      return found;
    },
    undeclared: () => {
      const why = port.undeclared();
      meter.declared(why === undefined);
      return why;
    },
    repair: () => counted('repair', port.repair),
    repairAtOnce: () => step(port.repairAtOnce),
    record: (signal) => step(() => port.record(signal)),
    note: (event) => {
      meter.noted(event);
      port.note(event);
    },
  };
}
