/** What a `fib` may be asked: by an address, marked or not, by an interface or not. nft 1.1 says `check` for what 1.0 calls `oif`. */
const FIB: readonly string[] = ['saddr', 'daddr'].flatMap((side) =>
  ['', ' . mark'].flatMap((mark) =>
    ['', ' . iif', ' . oif'].flatMap((device) =>
      ['type', 'oif', 'oifname', 'check'].map((result) => `fib ${side}${mark}${device} ${result}`),
    ),
  ),
);

const PORTS: readonly string[] = ['tcp', 'udp', 'sctp', 'dccp', 'udplite', 'th'].flatMap((protocol) => [
  `${protocol} sport`,
  `${protocol} dport`,
]);

/** The fields a condition may test, in nft's words; one that begins like these and goes on otherwise is not understood. */
const FIELDS: ReadonlySet<string> = new Set([
  ...['iif', 'oif', 'iifname', 'oifname', 'meta pkttype', 'meta mark'],
  ...['ip saddr', 'ip daddr', 'ip protocol', 'ip version', 'ip frag-off'],
  ...['ip6 saddr', 'ip6 daddr', 'ip6 nexthdr', 'ip6 version', 'ip6 hoplimit'],
  ...['meta l4proto', 'meta nfproto', 'meta protocol', 'meta ipsec', 'tcp flags'],
  ...['icmp type', 'icmp code', 'icmpv6 type', 'icmpv6 code'],
  ...['ct state', 'ct status', 'ct mark', 'ct direction', 'ct protocol', 'ct l3proto'],
  ...['ct original ip saddr', 'ct original ip daddr', 'ct original ip6 saddr', 'ct original ip6 daddr'],
  ...['ct original proto-src', 'ct original proto-dst'],
  ...PORTS,
  ...FIB,
]);
const LONGEST_FIELD = 7;

/** Fields whose values are flags, of which several may be set. */
export const FLAG_FIELDS: ReadonlySet<string> = new Set(['ct state', 'ct status', 'tcp flags']);

/** Fields of which some bits alone may be compared. */
const MASKED_FIELDS: ReadonlySet<string> = new Set([
  ...['meta mark', 'ct mark', 'ip saddr', 'ip daddr', 'ip frag-off'],
]);

/** Bits of a header that have no name of their own: `@th,96,24`. */
const RAW_FIELD = /^@(?:nh|th),\d+,\d+$/;
/** The words of one. */
const RAW_WORDS = 5;

/** Whether some bits of a field alone may be compared. */
export const mayBeMasked = (field: string): boolean => MASKED_FIELDS.has(field) || RAW_FIELD.test(field);

/** Fields whose values are numbers, which may be compared by size; with the greatest. */
export const GREATEST: ReadonlyMap<string, number> = new Map([
  ...PORTS.map((field) => [field, 65_535] as const),
  ...['ct original proto-src', 'ct original proto-dst'].map((field) => [field, 65_535] as const),
  ...['meta mark', 'ct mark'].map((field) => [field, 0xffff_ffff] as const),
  ['ip6 hoplimit', 255],
]);

/**
 * The longest field that begins with the next words.
 *
 * @param wordAt - the word so many places further on
 * @returns how many words it takes, and their text; undefined for none that is understood
 */
export function fieldAt(wordAt: (offset: number) => string): readonly [string, number] | undefined {
  const raw = Array.from({ length: RAW_WORDS }, (_, i) => wordAt(i)).join('');
  if (RAW_FIELD.test(raw)) return [raw, RAW_WORDS];
  for (let length = LONGEST_FIELD; length > 0; length--) {
    const words = Array.from({ length }, (_, i) => wordAt(i)).join(' ');
    if (FIELDS.has(words)) return [words, length];
  }
  return undefined;
}
