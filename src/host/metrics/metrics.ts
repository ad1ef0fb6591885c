import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { SEVERITIES, type WatchMeter } from '../../watch/telling/meter.ts';
import { actionOn, type WatchMode } from '../../watch/mode.ts';
import { ProgramLabels } from '../../watch/telling/program-label.ts';

/** What is asked when metrics are read. */
export interface MetricsOutside {
  readonly version: string;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Whether something keeps watch from writing. */
  readonly isHeld: () => Promise<boolean>;
  readonly mode: () => WatchMode;
  /** When the newest baseline was recorded, in seconds since 1970; undefined where there is none. */
  readonly baselineTime: () => Promise<number | undefined>;
}

/** Metrics of watch. */
export interface Metrics {
  readonly meter: WatchMeter;
  /** In Prometheus' text format. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

/** From one millisecond to a minute, in seconds. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];

/**
 * Metrics by Prometheus' conventions: base units, totals end in `_total`, moments are seconds since 1970, and a severity or program is a label.
 * Those of the process that prom-client offers are left out: in a textfile their names would clash with node-exporter's own.
 */
export function metricsOf(outside: MetricsOutside): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const labels = new ProgramLabels();
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers });
  const counter = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, buckets: BUCKETS, registers });

  const build = gauge('rulesguard_build_info', 'Constant 1; the version is a label.', ['version']);
  const ways = gauge(
    'rulesguard_broken_ways',
    'Ways packets take or do not take that differ from what Docker means, as the last look found them.',
    ['severity'],
  );
  const broken = {
    exposure: counter(
      'rulesguard_exposure_seconds_total',
      'Seconds during which something was open that Docker keeps closed.',
    ),
    outage: counter(
      'rulesguard_outage_seconds_total',
      'Seconds during which something was closed that Docker keeps open.',
    ),
  };
  const damage = counter(
    'rulesguard_damage_total',
    'Times that something broke, by its worst severity and the program that changed rules first.',
    ['severity', 'program'],
  );
  const changes = counter(
    'rulesguard_rule_changes_total',
    'Changes of rules that were told of, except by watch itself.',
    ['program'],
  );
  const repairs = counter('rulesguard_repairs_total', 'Repairs, by what came of them.', ['result']);
  const lookFailures = counter('rulesguard_look_failures_total', 'Looks that could not be made.');
  const looks = counter('rulesguard_looks_total', 'Looks at the host that were made.');
  const fights = counter(
    'rulesguard_fights_total',
    'Fights: another program kept breaking what was repaired.',
  );
  const toDetect = histogram(
    'rulesguard_time_to_detect_seconds',
    'From the first change seen to the look that found what it broke.',
  );
  const toRepair = histogram(
    'rulesguard_time_to_repair_seconds',
    'Seconds from the look that found damage to the end of its repair.',
  );
  const lastLook = gauge(
    'rulesguard_last_look_timestamp_seconds',
    'When the last look was made, in seconds since 1970; 0: none yet.',
  );
  const baseline = gauge(
    'rulesguard_baseline_timestamp_seconds',
    'When the newest baseline was recorded, in seconds since 1970; 0: there is none.',
  );
  const sources = gauge('rulesguard_source_up', 'Whether what tells of changes works.', ['source']);
  const unread = gauge(
    'rulesguard_declaration_unread',
    'Whether a declaration cannot be used, so that what it says now is not held.',
  );
  const held = gauge('rulesguard_repairs_held', 'Whether repairs are paused or switched off.');
  const enabled = gauge('rulesguard_repair_enabled', 'Whether damage of this severity sets off a repair.', [
    'severity',
  ]);

  build.set({ version: outside.version }, 1);
  for (const severity of SEVERITIES) ways.set({ severity }, 0);
  for (const result of ['repaired', 'incomplete', 'failed']) repairs.inc({ result }, 0);

  /** Severities that a look found since their end was noted. */
  const found = new Set<string>();
  /** Since when each severity is open, and how much of that is counted. Milliseconds. */
  const open: Record<keyof typeof broken, { readonly since: number; counted: number } | undefined> = {
    exposure: undefined,
    outage: undefined,
  };
  const both = ['exposure', 'outage'] as const;
  const countOpen = (): void => {
    for (const severity of both) {
      const one = open[severity];
      if (one === undefined) continue;
      const lasted = outside.now() - one.since;
      broken[severity].inc((lasted - one.counted) / 1000);
      one.counted = lasted;
    }
  };

  const meter: WatchMeter = {
    looked: (effects) => {
      countOpen();
      looks.inc();
      lastLook.set(Date.now() / 1000);
      // Where packets could not be followed no way is counted, and something is broken all the same.
      for (const severity of SEVERITIES)
        ways.set(
          { severity },
          effects
            .filter(({ effect }) => effect === severity)
            .reduce((sum, { cells }) => sum + Math.max(1, cells), 0),
        );
      for (const severity of both)
        if (effects.some(({ effect }) => effect === severity)) {
          open[severity] ??= { since: outside.now(), counted: 0 };
          found.add(severity);
        } else open[severity] = undefined;
    },
    failed: (what) => {
      if (what === 'look') lookFailures.inc();
      else repairs.inc({ result: 'failed' });
    },
    changed: (author) => {
      changes.inc({ program: labels.of(author) });
    },
    declared: (isRead) => {
      unread.set(isRead ? 0 : 1);
    },
    source: ({ source, works }) => {
      sources.set({ source }, works ? 1 : 0);
    },
    noted: ({ kind, effects = [], by = [], lasted = 0, repair }) => {
      const severity = SEVERITIES.find((one) => effects.some(({ effect }) => effect === one)) ?? 'unknown';
      if (kind === 'damage') {
        damage.inc({ severity, program: labels.of(by[0]) });
        toDetect.observe(lasted / 1000);
        // What had passed when it was found; from then on the looks count.
        for (const one of both)
          if (effects.some(({ effect }) => effect === one)) broken[one].inc(lasted / 1000);
      }
      if (kind === 'repaired') {
        repairs.inc({ result: 'repaired' });
        if (repair !== undefined) {
          toRepair.observe(repair.toRepair / 1000);
          // What was repaired before a look found it.
          for (const one of both)
            if (effects.some(({ effect }) => effect === one) && !found.has(one))
              broken[one].inc(repair.toRepair / 1000);
        }
      }
      if (kind === 'repaired' || kind === 'ended')
        for (const one of both) if (open[one] === undefined) found.delete(one);
      if (kind === 'not-repaired') repairs.inc({ result: 'incomplete' });
      if (kind === 'fight') fights.inc();
    },
  };
  return {
    meter,
    contentType: registry.contentType,
    text: async () => {
      countOpen();
      held.set((await outside.isHeld()) ? 1 : 0);
      const mode = outside.mode();
      for (const severity of both) enabled.set({ severity }, actionOn(mode, severity) === 'repair' ? 1 : 0);
      baseline.set((await outside.baselineTime()) ?? 0);
      return registry.metrics();
    },
  };
}
