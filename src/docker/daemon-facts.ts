import { parseBool } from './options.ts';
import type { DaemonFacts } from './settings.ts';

/** What a dockerd process was started with. */
export interface Launch {
  /** Its arguments, without its own name. */
  readonly args: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  /** Its configuration file, parsed: `{}` when it had none, undefined when that is not certain. */
  readonly readConfig: (path: string) => unknown;
}

const CONFIG = '/etc/docker/daemon.json';
const ALL_BITS = 0xffff_ffff;

/**
 * What the way a daemon was started shows for certain of its settings. A flag is read before the file (dockerd refuses to
 * start with both). Neither given means the default, which is certain only if the file could be read; the default of
 * `ip6tables` depends on the version, so it stays undefined. docs/reference/docker-iptables.md#settings.
 */
export function factsOf({ args, environment, readConfig }: Launch): DaemonFacts {
  const flags = flagsOf(args);
  const config = readConfig(flags.get('config-file') ?? CONFIG);
  const keys = typeof config === 'object' && config !== null ? new Map(Object.entries(config)) : undefined;
  const given = (name: string): unknown => flags.get(name) ?? keys?.get(name);
  const boolean = (name: string, byDefault?: boolean): boolean | undefined =>
    given(name) === undefined ? (keys === undefined ? undefined : byDefault) : truth(given(name));
  const mark = given('bridge-accept-fwmark') ?? (keys === undefined ? undefined : '');
  return defined({
    userlandProxy: boolean('userland-proxy', true),
    ip6tables: boolean('ip6tables'),
    iptables: boolean('iptables', true),
    directRouting: boolean('allow-direct-routing', false),
    acceptMark: typeof mark === 'string' ? savedMark(mark) : undefined,
    ...(environment.size === 0
      ? {}
      : {
          noRaw: environment.get('DOCKER_INSECURE_NO_IPTABLES_RAW') === '1',
          sctpChecksum: environment.get('DOCKER_IPTABLES_SCTP_CHECKSUM') === '1',
        }),
  });
}

/** The content of /proc/PID/environ as pairs. */
export function environmentOf(text: string): ReadonlyMap<string, string> {
  const entries = text.split('\0').filter((entry) => entry.includes('='));
  return new Map(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** Flags whose value may be the next argument; booleans take theirs only behind `=`. */
const WITH_VALUE: ReadonlySet<string> = new Set(['config-file', 'bridge-accept-fwmark']);

function flagsOf(args: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  args.forEach((arg, i) => {
    const [, name = '', , value] = /^--([a-z0-9-]+)(=(.*))?$/s.exec(arg) ?? [];
    if (name !== '') flags.set(name, value ?? (WITH_VALUE.has(name) ? (args[i + 1] ?? '') : 'true'));
  });
  return flags;
}

/** A boolean as Go's flags, or JSON, have it. */
function truth(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? parseBool(value) : undefined;
}

/** A number as both Go and Node read it: with a leading zero Go's would be octal. */
const NUMBER = /^(?:0|[1-9]\d*|0x[\da-f]+)$/i;

/**
 * `1`, `0x1/0x3` as `iptables-save` prints it: hexadecimal, without a mask of all bits.
 *
 * @returns undefined for what is no mark, and for a mask of no bits, with which the rule would let every packet pass
 */
function savedMark(text: string): string | undefined {
  if (text === '') return '';
  const parts = text.split('/');
  const [mark = 0, mask = ALL_BITS] = parts.map(Number);
  const isMark = parts.length <= 2 && parts.every((part) => NUMBER.test(part));
  if (!isMark || mark > ALL_BITS || mask > ALL_BITS || mask === 0) return undefined;
  const hex = (bits: number): string => `0x${bits.toString(16)}`;
  return mask === ALL_BITS ? hex(mark) : `${hex(mark)}/${hex(mask)}`;
}

/** Without the undefined ones. */
const defined = <Fields extends object>(fields: {
  readonly [Name in keyof Fields]: Fields[Name] | undefined;
}): Partial<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;
