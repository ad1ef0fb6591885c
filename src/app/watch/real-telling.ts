import type { EventProgram } from '../../host/config/defaults.ts';
import { listNumbered } from '../../host/files/numbered.ts';
import type { Metrics } from '../../host/metrics/metrics.ts';
import { eventPrograms } from '../../host/telling/event-programs.ts';
import { baselineFolder } from '../../host/state/store.ts';
import type { WatchEvent } from '../../watch/event.ts';
import type { WatchMeter } from '../../watch/telling/meter.ts';
import type { WatchMode } from '../../watch/mode.ts';

/** Where metrics and events go, as the configuration has it. */
export interface TellingSettings {
  readonly textfile: string | undefined;
  readonly listen: string | undefined;
  readonly onEvent: readonly EventProgram[];
}

/** What is asked of the watch that is told of. */
export interface TellingOutside {
  readonly stateDir: string;
  readonly version: string;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly isHeld: () => Promise<boolean>;
  readonly mode: () => WatchMode;
  /** As `WatchHealth`. */
  readonly unwell: () => string | undefined;
  /** Something of this does not work: each time it begins. */
  readonly onTrouble: (says: string) => void;
}

/** Tells whoever wants to know what watch does: metrics, and programs. */
export interface Telling {
  readonly meter: WatchMeter;
  readonly tell: (event: WatchEvent) => void;
  /** As `EventPrograms.isOne`. */
  readonly isEventProgram: (pid: number) => boolean;
  /** Tells by these settings from now on. What was counted stays. */
  readonly use: (settings: TellingSettings) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts telling nobody, see {@link Telling.use}. */
export function realTelling(outside: TellingOutside): Telling {
  let metrics: Metrics | undefined;
  let outputs: readonly { readonly stop: () => Promise<void> }[] = [];
  let changed: () => void = () => undefined;
  const programs = eventPrograms([], outside.onTrouble);

  const troubles = (what: string): ((why: string | undefined) => void) => {
    let said: string | undefined;
    return (why) => {
      if (why !== undefined && why !== said) outside.onTrouble(`${what}: ${why}`);
      said = why;
    };
  };
  const begin = async ({ textfile: file, listen }: TellingSettings): Promise<void> => {
    if (file === undefined && listen === undefined) return;
    // Most do without, and do not pay for it.
    const { metricsOf } = await import('../../host/metrics/metrics.ts');
    const { textfile } = await import('../../host/metrics/textfile.ts');
    const { serve } = await import('../../host/metrics/serve.ts');
    metrics ??= metricsOf({ ...outside, baselineTime: () => newestBaseline(outside.stateDir) });
    const { text, contentType } = metrics;
    if (file !== undefined) {
      const output = textfile(file, text, troubles(`metrics cannot be written to ${file}`));
      ({ changed } = output);
      changed();
      outputs = [...outputs, output];
    }
    if (listen !== undefined) {
      const served = {
        metrics: text,
        contentType,
        unwell: outside.unwell,
      };
      outputs = [...outputs, serve(listen, served, troubles(`metrics cannot be served at ${listen}`))];
    }
  };
  const end = async (): Promise<void> => {
    const ending = outputs;
    outputs = [];
    changed = () => undefined;
    await Promise.all(ending.map((output) => output.stop()));
  };
  return {
    meter: {
      looked: (effects) => {
        metrics?.meter.looked(effects);
        changed();
      },
      failed: (what) => {
        metrics?.meter.failed(what);
        changed();
      },
      changed: (author) => {
        metrics?.meter.changed(author);
        changed();
      },
      declared: (isRead) => {
        metrics?.meter.declared(isRead);
      },
      source: (state) => {
        metrics?.meter.source(state);
        changed();
      },
      noted: (event) => {
        metrics?.meter.noted(event);
        changed();
      },
    },
    tell: (event) => {
      programs.tell(event);
    },
    isEventProgram: programs.isOne,
    use: async (settings) => {
      programs.use(settings.onEvent);
      await end();
      await begin(settings);
    },
    stop: async () => {
      await Promise.all([end(), programs.stop()]);
    },
  };
}

/** When the newest baseline was recorded, by its name: seconds since 1970. */
async function newestBaseline(stateDir: string): Promise<number | undefined> {
  const id = (await listNumbered(baselineFolder(stateDir)).catch(() => [])).at(-1);
  const [, year, month, day, hour, minute, second] =
    /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(id ?? '') ?? [];
  if (year === undefined) return undefined;
  return (
    Date.parse(
      `${year}-${String(month)}-${String(day)}T${String(hour)}:${String(minute)}:${String(second)}Z`,
    ) / 1000
  );
}
