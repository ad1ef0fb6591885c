import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownHost, type Owner } from '../../src/docker/ownership.ts';
import { EMPTY_RULESET, FAMILIES, type Family } from '../../src/iptables/model.ts';
import { parseSave } from '../../src/iptables/parse.ts';
import { damage, doDamage } from '../support/damage.ts';
import { bookOf, hosts, type Host } from '../support/generate.ts';
import type { RuleBook } from '../support/generate-book.ts';
import { recording } from '../support/recordings.ts';

/** The verdicts on every rule of a book, in the book's order. */
function ownersOf(book: RuleBook, family: Family): readonly Owner[] {
  const host = { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET, [family]: parseSave(book.text()).ruleset };
  const tables = ownHost(host).families[family];
  return book.tables().flatMap((table) =>
    book.chains(table).flatMap((chain) => {
      const owned = tables.get(table)?.get(chain)?.rules;
      return book.rules(table, chain).map((_, i): Owner => owned?.[i]?.owner ?? 'foreign');
    }),
  );
}

/**
 * The generators leave out what 17.06 wrote for an internal network into DOCKER-ISOLATION, without which nothing in the text
 * speaks for its bridge.
 */
const isWhole = ({ daemon }: Host): boolean =>
  daemon.era !== 'A' || daemon.networks.every(({ internal }) => !internal);

describe.each(FAMILIES)('hosts of every era, %s', (family) => {
  test('Docker’s rules are found to be Docker’s, and no other rule is, from the text alone', () => {
    fc.assert(
      fc.property(hosts(family).filter(isWhole), (host) => {
        const book = bookOf(host);
        const owners = ownersOf(book, family);
        const rules = book.all();
        const wrong = rules.filter(({ author }, i) => (author === 'docker') !== (owners[i] === 'docker'));
        expect(owners).toHaveLength(rules.length);
        expect(wrong).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });
});

describe.each(['engine-20.10', 'engine-28.5'])('a second reading of %s, changed in between', (name) => {
  const { host } = recording(name);
  const before = ownHost(host);

  test('is owned the same with and without the first one', () => {
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 5 }), (damages) => {
        const live = { ...host, ipv4: doDamage(host.ipv4, damages) };
        expect(ownHost(live, { before })).toEqual(ownHost(live));
      }),
      { numRuns: 300 },
    );
  });
});
