import type { Argv } from 'yargs';
import { wholeNumber } from './options/whole-number.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration as people type it: `90s`, `15m`, `2h`, `7d`. @returns milliseconds. @throws Error of yargs' kind */
function durationOf(name: string): (value: unknown) => number {
  return (value) => {
    const parts = /^(\d{1,6})([smhd])$/.exec(String(value));
    const unit = UNITS[parts?.[2] ?? ''];
    if (parts === null || unit === undefined || Number(parts[1]) === 0)
      throw new Error(`--${name} takes a duration such as 90s, 15m, 2h or 7d, not ${String(value)}`);
    return Number(parts[1]) * unit;
  };
}

/** Options of `rulesguard watch`. */
export const watchOptions = (yargs: Argv) =>
  yargs
    .option('mode', {
      choices: ['report', 'repair'] as const,
      describe:
        "report: note what breaks and who did it; repair: bring Docker's rules back as well (default: as configured, else report)",
    })
    .option('interval', {
      coerce: wholeNumber('interval', 5),
      requiresArg: true,
      describe: 'seconds between looks although nothing was seen (default: as configured, else 120)',
    })
    .option('pause', {
      coerce: durationOf('pause'),
      requiresArg: true,
      describe: 'have the watch that runs repair nothing for so long, 15m for example; it goes on noting',
    })
    .option('resume', { type: 'boolean', describe: 'end a pause' })
    .conflicts('pause', ['resume', 'mode', 'interval'])
    .conflicts('resume', ['mode', 'interval'])
    .example('sudo rulesguard watch', 'note what breaks, and who did it; see it: rulesguard log')
    .example('sudo rulesguard watch --mode repair', "and bring Docker's rules back at once")
    .example('sudo rulesguard watch --pause 15m', 'before maintenance');

/** Options of `rulesguard log`. */
export const logOptions = (yargs: Argv) =>
  yargs
    .option('since', {
      coerce: durationOf('since'),
      requiresArg: true,
      describe: 'only events of so long ago at most: 90s, 15m, 2h, 7d',
    })
    .option('json', {
      type: 'boolean',
      describe: 'one JSON document a line (schemas/watch-event.schema.json)',
    })
    .example('rulesguard log --since 2h', 'what broke, who did it, and what became of it');
