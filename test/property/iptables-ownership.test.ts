import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownHost, type Owner } from '../../src/firewall/iptables/ownership/ownership.ts';
import { FAMILIES, type Family } from '../../src/net/family.ts';
import { EMPTY_RULESET } from '../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../src/firewall/iptables/text/parse.ts';
import { damage, doDamage } from '../support/damage.ts';
import { bookOf, hosts, type Host } from '../support/generate/generate.ts';
import type { RuleBook } from '../support/generate/book.ts';
import { recording } from '../support/recorded/recordings.ts';

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
 * The generators leave out the rules that 17.06 wrote into DOCKER-ISOLATION for an internal network; without those nothing in
 * the text proves that its bridge is Docker's.
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

  test('gives the same owners with and without the first reading', () => {
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 5 }), (damages) => {
        const live = { ...host, ipv4: doDamage(host.ipv4, damages) };
        expect(ownHost(live, { before })).toEqual(ownHost(live));
      }),
      { numRuns: 300 },
    );
  });
});
