import { Writable } from 'node:stream';
import type { Logger } from 'winston';
import { harmless } from '../../printable.ts';
import { put, STDERR } from './output.ts';

/** How the log looks on stderr. `systemd` is text with `<N>` priorities, which the journal reads. */
export type LogFormat = 'text' | 'json' | 'systemd';
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** sd-daemon(3) priorities. */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };
const LEVELS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

export interface LogOptions {
  readonly format: LogFormat;
  readonly level: LogLevel;
}

/** Fields of a message for machines; people see only the message. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** The log: messages for people and machines on stderr, apart from the data on stdout. */
export class Log {
  private readonly options: LogOptions;
  private logger: Promise<Logger> | undefined;

  constructor(options: LogOptions) {
    this.options = options;
  }

  error(message: string, facts: LogFacts = {}): void {
    this.write('error', message, facts);
  }

  warn(message: string, facts: LogFacts = {}): void {
    this.write('warn', message, facts);
  }

  info(message: string, facts: LogFacts = {}): void {
    this.write('info', message, facts);
  }

  debug(message: string, facts: LogFacts = {}): void {
    this.write('debug', message, facts);
  }

  /** Resolves when everything logged so far has been handed to stderr. */
  async flush(): Promise<void> {
    await this.logger;
  }

  private write(level: LogLevel, message: string, facts: LogFacts): void {
    if (LEVELS[level] > LEVELS[this.options.level]) return;
    // Most runs log nothing, and loading winston takes longer than comparing a thousand rules.
    this.logger ??= createLogger(this.options);
    this.logger = this.logger.then((logger) => logger.log(level, message, facts));
  }
}

async function createLogger({ format, level }: LogOptions): Promise<Logger> {
  const { createLogger: create, format: formats, transports } = await import('winston');
  const priority = (line: string, of: LogLevel): string =>
    line
      .split('\n')
      .map((part) => `<${String(PRIORITIES[of])}>${part}`)
      .join('\n');
  const looks = {
    json: formats.combine(formats.timestamp(), formats.json()),
    text: formats.printf(({ message }) => String(message)),
    systemd: formats.printf(({ message, level: of }) => priority(String(message), of as LogLevel)),
  } as const;
  return create({
    level,
    levels: LEVELS,
    format: looks[format],
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston's types name the class of another package
    transports: new transports.Stream({ stream: standardError() }),
  });
}

/** Never fails: the work goes on even if nobody can read the log. */
const standardError = (): Writable =>
  new Writable({
    decodeStrings: false,
    write: (text: string | Buffer, _, done) => {
      put(STDERR, harmless(String(text)));
      done();
    },
  });

/** Under systemd the journal reads stderr and its `<N>` priorities; elsewhere people read it. */
export function defaultLogFormat(): LogFormat {
  return process.env['JOURNAL_STREAM'] === undefined || process.stderr.isTTY ? 'text' : 'systemd';
}
