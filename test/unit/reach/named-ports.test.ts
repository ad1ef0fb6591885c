import { describe, expect, test } from 'vitest';
import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { reachChange } from '../../../src/reach/change/compare.ts';
import { namedPorts } from '../../../src/reach/change/named-ports.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import { toldGroups } from '../../../src/report/reach/groups.ts';
import { withRule } from '../../support/app/edit-rules.ts';
import { recordedTerrain, rulesOf, withRules } from '../../support/reach/terrain.ts';

const host = recordedTerrain('engine-28.5');
const owned = ownHost(rulesOf(host), { networks: host.inventory.networks, settled: true });
const dockers = new Set(
  Object.values(owned.families)
    .flatMap((tables) => [...tables.values()].flatMap((chains) => [...chains.values()]))
    .flatMap(({ rules }) => rules.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : []))),
);
const isDockers = ({ text }: { readonly text: string }): boolean => dockers.has(text);

type Edit = readonly [rule: string, family?: 'ipv4' | 'ipv6', table?: string];
const edited = (edits: readonly Edit[]): Terrain =>
  withRules(
    host,
    edits.reduce<HostRules>(
      (rules, [rule, family = 'ipv4', table = 'filter']) => withRule(rules, family, table, rule, 'first'),
      rulesOf(host),
    ),
  );

const named = (after: Terrain): readonly string[] =>
  namedPorts(host.netState, after.netState, isDockers).map(({ proto, port }) => `${String(port)}/${proto}`);

const native = (text: string): Terrain => ({
  ...host,
  netState: { ...host.netState, natives: [{ table: 'inet x', text: `table inet x { ${text} }` }] },
});

describe('ports that a change names', () => {
  test.each([
    ['one port', '-A FORWARD -p tcp -m tcp --dport 25 -j DROP', ['25/tcp']],
    [
      'the ends of a range',
      '-A DOCKER-USER -p udp -m udp --dport 6000:7000 -j DROP',
      ['6000/udp', '7000/udp'],
    ],
    [
      'a list',
      '-A FORWARD -p tcp -m multiport --dports 25,465:587 -j DROP',
      ['25/tcp', '465/tcp', '587/tcp'],
    ],
    ['all but one', '-A FORWARD -p tcp -m tcp ! --dport 25 -j DROP', ['25/tcp']],
    ['no port', '-A FORWARD -p tcp -j DROP', []],
    ['ICMP', '-A FORWARD -p icmp -j DROP', ['0/icmp']],
    ['a port of this host alone', '-A INPUT -p tcp -m tcp --dport 25 -j DROP', []],
  ])('%s', (_, rule, ports) => {
    expect(named(edited([[rule]]))).toEqual(ports);
  });

  test('a chain that packets are led to: the ports of its rules, that stood there before', () => {
    const withJump = (jump: string): Terrain => {
      const chains = ':INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:MAIL - [0:0]';
      const text = `*filter\n${chains}\n${jump}-A MAIL -p tcp -m tcp --dport 25 -j DROP\nCOMMIT\n`;
      return withRules(host, { ...rulesOf(host), ipv4: parseSave(text).ruleset });
    };
    const [before, after] = [withJump(''), withJump('-A FORWARD -j MAIL\n')];
    expect(namedPorts(before.netState, after.netState, isDockers)).toEqual([{ proto: 'tcp', port: 25 }]);
  });

  test.each([
    ['tcp dport 25 drop', ['25/tcp']],
    ['udp dport { 53, 6000-7000 } drop', ['53/udp', '6000/udp', '7000/udp']],
    ['ip protocol icmp drop', ['0/icmp']],
    ['th dport 25 drop', ['25/tcp', '25/udp']],
  ])('of a table of nftables’ own: %s', (rule, ports) => {
    expect(named(native(`chain c { type filter hook forward priority 0; ${rule} }`))).toEqual(ports);
  });
});

describe('what becomes of them', () => {
  const worse = (after: Terrain): readonly string[] =>
    toldGroups(reachChange(host, after, isDockers).worse.map(({ cell }) => cell)).map(
      ({ effect, headline }) => `${effect}: ${headline}`,
    );

  test.each<[string, Edit, readonly string[]]>([
    [
      'a port of the outside is closed',
      ['-A FORWARD -p tcp -m tcp --dport 25 -j DROP'],
      ['outage: 7 containers do not reach the outside at 25/tcp'],
    ],
    [
      'nobody outside is pinged any more',
      ['-A FORWARD -o eth0 -p icmp -j DROP'],
      ['outage: 7 containers do not reach the outside by ICMP'],
    ],
    [
      'a port that comes in is closed: nobody published it',
      ['-A DOCKER-USER -i eth0 -p tcp -m tcp --dport 8089 -j DROP'],
      [],
    ],
  ])('%s', (_, edit, lines) => {
    expect(worse(edited([edit]))).toEqual(expect.arrayContaining([...lines]));
    if (lines.length === 0) expect(worse(edited([edit]))).toEqual([]);
  });

  test('a port of containers that nobody published opens to other networks', () => {
    expect(worse(edited([['-A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT']])).join('\n')).toMatch(
      /exposure: .*networks reach each other/,
    );
  });

  test('more ports than are asked: that is said', () => {
    const list = Array.from({ length: 70 }, (_, i): Edit => [
      `-A FORWARD -p tcp -m tcp --dport ${String(3000 + i)} -j DROP`,
    ]);
    expect(reachChange(host, edited(list), isDockers).unasked).toBe(6);
  });
});
