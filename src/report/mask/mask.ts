import { replaceAddresses } from './scan.ts';
import { Originals, Placeholders } from './placeholders.ts';

/** Replaces addresses and names by placeholders, in texts and in every text of a value. */
export interface Mask {
  text(text: string): string;
  value<T>(value: T): T;
}

/**
 * A mask for documents that belong together: an address has the same placeholder in all of them, and no placeholder is an address that
 * occurs in them. IPv4, IPv6 and MAC addresses are masked. Addresses of one network stay in one network, private stays private,
 * prefix lengths stay; 0.0.0.0, 127.0.0.0/8, :: and ::1 are not masked.
 *
 * @param all - everything that is to be masked: texts, or values that hold texts
 * @param names - host names that are to be masked as well
 */
export function makeMask(all: readonly unknown[], names: readonly string[] = []): Mask {
  const originals = new Originals();
  for (const one of all) eachText(one, (text) => replaceAddresses(text, originals));
  const placeholders = new Placeholders(originals);
  const hosts = nameMask(names);
  const addresses = (original: string): string => replaceAddresses(original, placeholders);
  const text = (original: string): string => addresses(hosts(original));
  return {
    text,
    value: (value) => mapTexts(value, (one, key) => (WORDS.has(key) ? addresses(one) : text(one))),
  };
}

/** Fields whose values are rulesguard's own and never a name: a host may be called `host`. */
const WORDS: ReadonlySet<string> = new Set([
  ...['verdict', 'section', 'code', 'kind', 'at', 'hook', 'stage', 'target', 'variant'],
  ...['family', 'state', 'proto', 'protocol', 'level', 'severity', 'scope', 'type', 'portState'],
]);
/** Names that are common words in these texts: masking them would hide nothing and make the texts unreadable. */
const EVERYWHERE: ReadonlySet<string> = new Set([
  ...['docker', 'host', 'localhost', 'bridge', 'rulesguard'],
  ...['raw', 'mangle', 'nat', 'filter', 'security', 'ipv4', 'ipv6', 'tcp', 'udp'],
]);

/** Host names by number, the longest first, so that a name inside a longer one is not replaced on its own. */
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
