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
 * What a daemon's start tells for certain of its settings. A flag counts before the file, as for dockerd (which refuses to
 * start with both). Neither given is the default, known only if the file is; `ip6tables` has a default that depends on the
 * version, so there silence stays undefined. docker-rules §0.
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

/** Those whose value may be a word of its own; booleans take theirs only behind `=`. */
const WITH_VALUE: ReadonlySet<string> = new Set(['config-file', 'bridge-accept-fwmark']);

function flagsOf(args: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  args.forEach((arg, i) => {
    const [, name = '', , value] = /^--([a-z0-9-]+)(=(.*))?$/s.exec(arg) ?? [];
    if (name !== '') flags.set(name, value ?? (WITH_VALUE.has(name) ? (args[i + 1] ?? '') : 'true'));
  });
  return flags;
}

/** As Go's ParseBool reads it, or JSON. */
function truth(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  if (/^(?:1|t|true)$/i.test(value)) return true;
  return /^(?:0|f|false)$/i.test(value) ? false : undefined;
}

/** `1`, `0x1/0x3` as `iptables-save` prints it: hexadecimal, without a mask of all bits. */
function savedMark(text: string): string | undefined {
  if (text === '') return '';
  const [mark, mask = ALL_BITS, ...rest] = text.split('/').map(Number);
  if (mark === undefined || rest.length > 0 || !Number.isInteger(mark) || !Number.isInteger(mask))
    return undefined;
  const hex = (bits: number): string => `0x${bits.toString(16)}`;
  return mask === ALL_BITS ? hex(mark) : `${hex(mark)}/${hex(mask)}`;
}

/** Without the undefined ones. */
const defined = <Fields extends object>(fields: {
  readonly [Name in keyof Fields]: Fields[Name] | undefined;
}): Partial<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;
