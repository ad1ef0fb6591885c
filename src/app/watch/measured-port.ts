import type { WatchMeter } from '../../watch/telling/meter.ts';
import { writerOf } from '../../watch/writer.ts';
import type { WatchPort } from './ports.ts';

/**
 * The same port, which tells a meter of all that passes.
 *
 * @param onListen - is given what makes watch look again
 */
export function measuredPort(
  port: WatchPort,
  meter: WatchMeter,
  onListen: (again: (reason: string) => void) => void,
): WatchPort {
  const counted = async <T>(what: 'look' | 'repair', work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      meter.failed(what);
      throw error;
    }
  };
  return {
    ...port,
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
      if (found !== 'not-yet') meter.looked(found.effects);
      return found;
    },
    undeclared: () => {
      const why = port.undeclared();
      meter.declared(why === undefined);
      return why;
    },
    repair: () => counted('repair', port.repair),
    note: (event) => {
      meter.noted(event);
      port.note(event);
    },
  };
}
