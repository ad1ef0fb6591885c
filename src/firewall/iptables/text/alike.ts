/**
 * A rule as `-D` and `-C` distinguish it from others. The nft variant's ip6tables compares addresses without the length of their
 * prefix, and an address of zeros not at all: `-D … -s fd00:6::/48` deletes an earlier `-s fd00:6::/64` (measured,
 * 1.8.9, 1.8.11, 1.8.13; test/kernel/facts/alike.test.ts). Rules with equal keys may be deleted for one another. The key is the
 * same for both variants, because a caller need not know which tool will delete.
 *
 * @param text - a rule in save's spelling
 */
export function alikeKey(text: string): string {
  if (!text.includes(':')) return text;
  return text.replace(ADDRESS, (_, negation: string, option: string, address: string) =>
    address === '::' ? '' : `${negation}${option} ${address}`,
  );
}

const ADDRESS = /( (?:! )?)(-[sd]) ([0-9a-fA-F:.]*:[0-9a-fA-F:.]*)\/\S+/g;

/**
 * Whether a rule may mean something other than its text: save leaves out a negated range of all ports (1.8.9: `-p tcp -m tcp !
 * --sport 0:65535` is saved as `-p tcp -m tcp`), so a port match without options may be one that never matches.
 */
export function mayHideMatch(text: string): boolean {
  return / -m (?:tcp|udp|udplite|sctp|dccp|ah|esp|frag|mh|rt|ipcomp)(?= -[jgm] |$)/.test(text);
}

/**
 * Whether deleting rules by text leaves the chain that their texts suggest.
 *
 * @param rules - the texts of a chain, in order
 * @param deleted - texts, in the order in which they are deleted
 */
export function deletesAsWritten(rules: readonly string[], deleted: readonly string[]): boolean {
  const keys = new Set(deleted.map(alikeKey));
  const texts = new Set(deleted);
  // The usual chain: no other rule is like any of them.
  if (!rules.some((text) => !texts.has(text) && keys.has(alikeKey(text)))) return true;
  const expected = [...rules];
  const done = [...rules];
  for (const text of deleted) {
    const key = alikeKey(text);
    expected.splice(expected.indexOf(text), 1);
    done.splice(
      done.findIndex((one) => alikeKey(one) === key),
      1,
    );
  }
  return expected.every((text, i) => text === done[i]);
}
