import { replaceAddresses } from './mask-scan.ts';
import { Originals, StandIns } from './mask-standins.ts';

/** Puts stand-ins in the place of addresses and names, in texts and in every text of a value. */
export interface Mask {
  text(text: string): string;
  value<T>(value: T): T;
}

/**
 * A mask for things that belong together: an address has the same stand-in in all of them, and no stand-in is an address of
 * theirs.
 *
 * @param all - everything that is to be masked: texts, or values that hold texts
 * @param names - host names that are to be masked as well
 */
export function makeMask(all: readonly unknown[], names: readonly string[] = []): Mask {
  const originals = new Originals();
  for (const one of all) eachText(one, (text) => replaceAddresses(text, originals));
  const standIns = new StandIns(originals);
  const hosts = nameMask(names);
  const addresses = (original: string): string => replaceAddresses(original, standIns);
  const text = (original: string): string => addresses(hosts(original));
  return {
    text,
    value: (value) => mapTexts(value, (one, key) => (WORDS.has(key) ? addresses(one) : text(one))),
  };
}

/**
 * A text without an address that was in it: IPv4, IPv6 and MAC addresses become stand-ins, the same for the same. What is in
 * one network stays in one, private stays private, prefix lengths stay; 0.0.0.0, 127.0.0.0/8, :: and ::1 stay as they are.
 * For several texts that belong together see {@link makeMask}.
 */
export const maskAddresses = (text: string, names: readonly string[] = []): string =>
  makeMask([text], names).text(text);

/** Fields that hold words of ours and never a name: a host may be called `host`. */
const WORDS: ReadonlySet<string> = new Set([
  ...['verdict', 'section', 'code', 'kind', 'at', 'hook', 'stage', 'target', 'backend'],
  ...['family', 'state', 'proto', 'protocol', 'level', 'severity', 'scope', 'type', 'portState'],
]);
/** Names that are words of every text here: they would tell nothing, and leave nothing to read. */
const EVERYWHERE: ReadonlySet<string> = new Set([
  ...['docker', 'host', 'localhost', 'bridge', 'rulesguard'],
  ...['raw', 'mangle', 'nat', 'filter', 'security', 'ipv4', 'ipv6', 'tcp', 'udp'],
]);

/** Host names by number: the longest first, so that a short name within a long one does not cut it. */
function nameMask(names: readonly string[]): (text: string) => string {
  const sorted = [...new Set(names)]
    .filter((name) => name !== '' && !EVERYWHERE.has(name))
    .sort((a, b) => b.length - a.length);
  if (sorted.length === 0) return (text) => text;
  const quoted = sorted.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const pattern = new RegExp(`(?<![0-9A-Za-z_-])(?:${quoted})(?![0-9A-Za-z_-])`, 'g');
  return (text) => text.replaceAll(pattern, (name) => `host-${String(sorted.indexOf(name) + 1)}`);
}

function eachText(value: unknown, tell: (text: string) => unknown): void {
  mapTexts(value, (text) => {
    tell(text);
    return text;
  });
}

/** A copy of a value with each text changed: in lists, maps, sets and records. A map's keys are data, a record's are ours. */
function mapTexts<T>(value: T, change: (text: string, key: string) => string): T {
  const map = (inner: unknown, key: string): unknown => {
    if (typeof inner === 'string') return change(inner, key);
    if (Array.isArray(inner)) return inner.map((one) => map(one, key));
    if (inner instanceof Map) return new Map([...inner].map(([name, one]) => [map(name, ''), map(one, '')]));
    if (inner instanceof Set) return new Set([...inner].map((one) => map(one, '')));
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([name, one]) => [name, map(one, name)]));
  };
  return map(value, '') as T;
}
