import { describe, expect, test } from 'vitest';
import { judgedTable } from '../../../src/reach/judge/judge.ts';
import { whoseBy } from '../../../src/reach/judge/whose.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import { withRule } from '../../support/app/edit-rules.ts';
import { recordedTerrain, rulesOf, withRules } from '../../support/reach/terrain.ts';

const HOST = recordedTerrain('engine-28.5');

/** The host with rules of IPv6 at the end of INPUT or OUTPUT. */
const around = (...rules: readonly string[]): Terrain =>
  rules.reduce((host, rule) => withRules(host, withRule(rulesOf(host), 'ipv6', 'filter', rule)), HOST);

const ANSWERS = '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT';
const type = (number: number): string =>
  `-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type ${String(number)} -m hl --hl-eq 255 -j ACCEPT`;

/** How many of the ways by IPv6 that are meant to be reached by forwarding are; and what decides about the others. */
function forwarded(terrain: Terrain) {
  const whose = whoseBy({ owned: [], rulesets: terrain.netState.rulesets });
  const cells = judgedTable(terrain, { repaired: undefined, whose, all: true }).cells.filter(
    ({ family, should, asker }) => family === 'ipv6' && should === 'reached' && asker.by !== 'host',
  );
  const lost = cells.filter(({ is }) => is.is !== 'reached');
  return {
    isAny: cells.length > 0,
    reached: cells.length - lost.length,
    lost: [...new Set(lost.map(({ effect, cause }) => `${effect}, ${cause ?? ''}`))],
    all: cells.length,
  };
}

describe('IPv6 finds no neighbour that the filter of this host keeps from it', () => {
  const { all } = forwarded(HOST);

  test.each<[string, readonly string[]]>([
    ['nothing closed', []],
    ['a filter as ufw has it', [ANSWERS, type(135), type(136), '-A INPUT -j DROP']],
    [
      'so many packets of ICMPv6 in a second',
      [ANSWERS, '-A INPUT -p ipv6-icmp -m limit --limit 15/sec -j ACCEPT', '-A INPUT -j DROP'],
    ],
    ['a filter that closes a port', ['-A INPUT -p tcp -m tcp --dport 22 -j DROP']],
  ])('%s: all is reached', (_, rules) => {
    expect(forwarded(around(...rules))).toEqual({ isAny: true, reached: all, lost: [], all });
  });

  test.each([
    ['icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } limit rate 10/second accept', 'drop'],
    ['meta l4proto ipv6-icmp limit rate over 100/second drop', 'accept'],
  ])('a rate of nftables, %s and then %s: all is reached', (rule, last) => {
    const table = 'inet own';
    const text = `table ${table} {\n\tchain one {\n\t\ttype filter hook input priority filter; policy ${last};\n\t\tct state established,related accept\n\t\t${rule}\n\t}\n}\n`;
    const natives = [...(HOST.netState.natives ?? []), { table, text }];
    const terrain = { ...HOST, netState: { ...HOST.netState, natives } };
    expect(forwarded(terrain)).toEqual({ isAny: true, reached: all, lost: [], all });
  });

  test.each<[string, readonly string[]]>([
    ['answers alone are let in', [ANSWERS, '-A INPUT -j DROP']],
    ['neighbours may ask, and not answer', [ANSWERS, type(135), '-A INPUT -j DROP']],
    ['nothing leaves but answers', [ANSWERS.replace('INPUT', 'OUTPUT'), '-A OUTPUT -j DROP']],
  ])('%s: an outage of the host, by that rule, that its operator did not mean', (_, rules) => {
    expect(forwarded(around(...rules))).toEqual({
      isAny: true,
      reached: 0,
      lost: ['outage, overridden'],
      all,
    });
  });
});
