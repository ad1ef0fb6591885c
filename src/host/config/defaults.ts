import type { WatchEventKind } from '../../watch/event.ts';
import type { WatchAction, WatchMode } from '../../watch/mode.ts';

/** A program that is told of events: an event as JSON on its standard input. */
export interface EventProgram {
  /** Its absolute path. */
  readonly program: string;
  readonly arguments?: readonly string[];
  /** Of which kinds; of all when not given. */
  readonly kinds?: readonly WatchEventKind[];
  /** How long it may take; 10 when not given. */
  readonly seconds?: number;
}

/** Where the configuration is. */
export interface ConfigFile {
  readonly path: string;
  /** Whether the user named it: then it must exist. */
  readonly explicit: boolean;
}

/** What `run`, `watch` and the hooks do when no option says otherwise. `schemas/config.schema.json` describes the file. */
export interface Config {
  readonly run: {
    readonly mode: 'refuse' | 'repair' | 'report';
    /** Seconds to confirm a change in; 0: it need not be confirmed. */
    readonly confirm: number;
    readonly rehearsalSeconds: number;
  };
  readonly hook: {
    readonly pre: 'record' | 'off';
    readonly post: 'repair' | 'report' | 'off';
    readonly policies: boolean;
    /** Whether a hook's exit code shows what it found. */
    readonly strict: boolean;
  };
  readonly watch: {
    readonly mode: WatchMode;
    /** What is done about settings of the kernel that Docker needs and that are off. */
    readonly settings: WatchAction;
    readonly intervalSeconds: number;
    /** The file metrics are written to, for node-exporter. */
    readonly textfile: string | undefined;
    /** Where `/metrics` and `/healthz` are served: `127.0.0.1:9799`, `[::1]:9799` or the path of a unix socket. */
    readonly listen: string | undefined;
    /** Programs that are told of events. */
    readonly onEvent: readonly EventProgram[];
  };
  /** Whether rulesguard may write rules or baselines without a person having typed the command. */
  readonly automatic: boolean;
  /** Seconds to wait for a lock. */
  readonly wait: number;
}

export const CONFIG_PATH = '/etc/rulesguard/config.json';

export const CONFIG_DEFAULTS: Config = {
  run: { mode: 'refuse', confirm: 0, rehearsalSeconds: 30 },
  hook: { pre: 'record', post: 'repair', policies: false, strict: false },
  watch: {
    mode: 'report',
    settings: 'report',
    intervalSeconds: 120,
    textfile: undefined,
    listen: undefined,
    onEvent: [],
  },
  automatic: true,
  wait: 10,
};
