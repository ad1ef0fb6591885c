import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../../src/fault.ts';
import type { NftTable } from '../../../../../src/firewall/nftables/tables/model.ts';
import { parseNftTables } from '../../../../../src/firewall/nftables/tables/parse.ts';

const TABLE = { family: 'ip', table: 'docker-bridges' };

/** What `nft -j` prints of a table with these objects. */
const listing = (...objects: readonly unknown[]): string =>
  JSON.stringify({
    nftables: [
      { metainfo: { version: '1.1.3', json_schema_version: 1 } },
      { table: { family: 'ip', name: 'docker-bridges', handle: 1 } },
      ...objects,
    ],
  });

const CHAIN = { chain: { ...TABLE, name: 'c', handle: 1 } };

function read(...objects: readonly unknown[]): NftTable {
  const [table] = parseNftTables(listing(...objects), 'nft');
  if (table === undefined) throw new Error('no table');
  return table;
}

/** One rule of chain c, as its text. */
const ruleOf = (...expr: readonly unknown[]): string | undefined =>
  read(CHAIN, { rule: { ...TABLE, chain: 'c', handle: 5, expr } }).chains.get('c')?.rules[0]?.text;

const match = (left: unknown, right: unknown, op = '=='): unknown => ({ match: { op, left, right } });
const meta = (key: string): unknown => ({ meta: { key } });
const payload = (protocol: string, field: string): unknown => ({ payload: { protocol, field } });

describe('a statement reads as nft writes it', () => {
  // prettier-ignore
  test.each<[text: string, statement: unknown]>([
    ['iifname != "docker0"', match(meta('iifname'), 'docker0', '!=')],
    ['iifname != { "br-1", "eth0" }', match(meta('iifname'), { set: ['eth0', 'br-1'] }, '!=')],
    ['iifname { "br-1", "eth0" }', match(meta('iifname'), { set: ['br-1', 'eth0'] })],
    ['ip saddr 172.17.0.0/16', match(payload('ip', 'saddr'), { prefix: { addr: '172.17.0.0', len: 16 } })],
    ['tcp dport { 80, 90-100 }', match(payload('tcp', 'dport'), { set: [80, { range: [90, 100] }] })],
    ['ct state established,related', match({ ct: { key: 'state' } }, ['related', 'established'], 'in')],
    ['meta mark 0x7', match(meta('mark'), 7)],
    ['meta mark & 0x3 == 0x1', match({ '&': [meta('mark'), 3] }, 1)],
    ['meta mark & 0x3 != 0x1', match({ '&': [meta('mark'), 3] }, 1, '!=')],
    ['meta mark & 0x0 == 0x0', match({ '&': [meta('mark'), 0] }, 0)],
    ['meta mark 0x1', match({ '&': [meta('mark'), 0xffffffff] }, 1)],
    ['meta l4proto ipv6-icmp', match(meta('l4proto'), 'ipv6-icmp')],
    ['meta ipsec missing', match(meta('ipsec'), false)],
    ['fib daddr type local', match({ fib: { result: 'type', flags: ['daddr'] } }, 'local')],
    ['fib daddr type local', match({ fib: { result: 'type', flags: 'daddr' } }, 'local')],
    ['@th,96,24 @encrypted-vnis', match({ payload: { base: 'th', offset: 96, len: 24 } }, '@encrypted-vnis')],
    ['iifname vmap @filter-forward-out-jumps', { vmap: { key: meta('iifname'), data: '@filter-forward-out-jumps' } }],
    ['jump c', { jump: { target: 'c' } }],
    ['dnat to 172.17.0.2:80', { dnat: { addr: '172.17.0.2', port: 80 } }],
    ['dnat to [fd00::2]:80', { dnat: { addr: 'fd00::2', port: 80 } }],
    ['snat to 2001:db8::1', { snat: { addr: '2001:db8::1' } }],
    ['masquerade', { masquerade: null }],
    ['return', { return: null }],
    ['meta mark set 0xd0c4e3', { mangle: { key: meta('mark'), value: 13681891 } }],
    ['counter', { counter: { packets: 3, bytes: 180 } }],
  ])('%s', (text, statement) => {
    expect(ruleOf(statement)).toBe(text);
  });
});

describe('what Docker does not write is kept to the letter, and never looks like what it writes', () => {
  test.each<[what: string, statement: unknown]>([
    ['another statement', { limit: { rate: 10, burst: 5, per: 'second' } }],
    ['a counter with a name', { counter: 'mine' }],
    ['a counter that says more', { counter: { packets: 1, bytes: 2, name: 'mine' } }],
    ['a match that says more', { match: { op: '==', left: meta('iifname'), right: 'eth0', not: true } }],
    ['another comparison', match(payload('tcp', 'dport'), 1024, '<')],
    ['another list of flags', match({ ct: { key: 'state' } }, ['new', 'related'])],
    ['a direction', match({ ct: { key: 'saddr', dir: 'original' } }, '10.0.0.1')],
    ['a masked address', match({ '&': [payload('ip', 'daddr'), 255] }, 1)],
    ['no value', match(meta('iifname'), { set: [] })],
    ['a value that ends a quote', match(meta('iifname'), 'lo" counter drop comment "x')],
    ['a translation with flags', { dnat: { addr: '172.17.0.2', port: 80, flags: ['random'] } }],
    ['a translation by a map', { dnat: { addr: { map: { key: meta('iifname'), data: '@m' } } } }],
    ['a masquerade with flags', { masquerade: { flags: ['random'] } }],
    ['verdicts in line', { vmap: { key: meta('iifname'), data: { set: [['lo', { accept: null }]] } } }],
    ['two in one', { accept: null, drop: null }],
    ['a mark that is computed', { mangle: { key: meta('mark'), value: { '|': [meta('mark'), 1] } } }],
    ['no object', 'accept'],
    ['nothing', null],
  ])('%s', (_, statement) => {
    const table = read(CHAIN, {
      rule: { ...TABLE, chain: 'c', handle: 5, expr: [statement, { accept: null }] },
    });
    const [rule] = table.chains.get('c')?.rules ?? [];
    expect(rule?.statements).toEqual([{ is: 'foreign', json: JSON.stringify(statement) }, { is: 'accept' }]);
    expect(rule?.text).toBe(`${JSON.stringify(statement)} accept`);
  });
});

test('a rule has its comment, its handle and what it counted', () => {
  const rule = {
    ...{ ...TABLE, chain: 'c', handle: 5, comment: 'OUTGOING' },
    expr: [{ counter: { packets: 1, bytes: 60 } }, { accept: null }],
  };
  expect(read(CHAIN, { rule }).chains.get('c')?.rules[0]).toMatchObject({
    text: 'counter accept comment "OUTGOING"',
    comment: 'OUTGOING',
    handle: 5,
    counted: { packets: 1, bytes: 60 },
  });
});

test('a rule is the same in whatever order its conditions are asked, and not in what it then does', () => {
  const key = (...expr: readonly unknown[]): string | undefined =>
    read(CHAIN, { rule: { ...TABLE, chain: 'c', handle: 5, expr } }).chains.get('c')?.rules[0]?.key;
  const [from, port] = [match(meta('iifname'), 'lo'), match(payload('tcp', 'dport'), 80)];
  const [count, drop] = [{ counter: { packets: 0, bytes: 0 } }, { drop: null }];
  expect(key(from, port, count, drop)).toBe(key(port, from, count, drop));
  expect(key(from, count, port, drop)).not.toBe(key(from, port, count, drop));
  expect(key(from, port, count)).not.toBe(key(from, port, count, drop));
});

test('maps, sets and whatever else a table holds', () => {
  const table = read(
    {
      map: {
        ...{ ...TABLE, name: 'm', type: 'ifname', map: 'verdict', handle: 2 },
        elem: [
          ['docker0', { jump: { target: 'b' } }],
          ['br-1', { jump: { target: 'a' } }],
          ['lo', { accept: null }],
          [{ elem: { val: 'eth0', comment: 'mine' } }, { jump: { target: 'b' } }],
        ],
      },
    },
    { set: { ...TABLE, name: 's', type: 'ifname', flags: ['dynamic'], handle: 3, elem: ['b', 'a'] } },
    { set: { ...TABLE, name: 'bits', type: { typeof: { payload: { base: 'th', offset: 96, len: 24 } } } } },
    { flowtable: { ...TABLE, name: 'f', handle: 4 } },
  );
  expect(table.maps.get('m')).toEqual({
    name: 'm',
    type: 'ifname : verdict',
    elements: new Map([
      ['br-1', 'jump a'],
      ['docker0', 'jump b'],
      ['lo', '{"accept":null}'],
      ['{"elem":{"val":"eth0","comment":"mine"}}', 'jump b'],
    ]),
  });
  expect([...table.sets.values()]).toEqual([
    { name: 's', type: 'ifname flags ["dynamic"]', elements: ['a', 'b'] },
    { name: 'bits', type: 'typeof @th,96,24', elements: [] },
  ]);
  expect(table.others).toEqual([
    '{"flowtable":{"family":"ip","table":"docker-bridges","name":"f","handle":4}}',
  ]);
});

test('tables of other families are left to others', () => {
  const other = { family: 'inet', name: 'mine', handle: 2 };
  const text = listing({ table: other }, { chain: { family: 'inet', table: 'mine', name: 'c', handle: 1 } });
  expect(parseNftTables(text, 'nft').map(({ name }) => name)).toEqual(['docker-bridges']);
});

describe('what is not understood as a whole is a fault, never an empty table', () => {
  test.each<[what: string, text: string]>([
    ['it is not JSON', 'table ip docker-bridges {'],
    ['it is not JSON', ''],
    ['it is not what nft -j prints', '{}'],
    ['it is not what nft -j prints', '[]'],
    ['it lists something that is no object', '{"nftables":[1]}'],
    ['version 2 of nft', '{"nftables":[{"metainfo":{"json_schema_version":2}}]}'],
    ['it lists a chain that is no object', listing({ chain: 'c' })],
    ['it lists a chain without a name', listing({ chain: TABLE })],
    [
      'it lists a chain of a table that it does not list',
      listing({ chain: { ...TABLE, table: 'x', name: 'c' } }),
    ],
    [
      'it lists a rule of a chain that it does not list',
      listing({ rule: { ...TABLE, chain: 'c', handle: 1, expr: [] } }),
    ],
    ['without statements or a handle', listing(CHAIN, { rule: { ...TABLE, chain: 'c', handle: 1 } })],
    ['without statements or a handle', listing(CHAIN, { rule: { ...TABLE, chain: 'c', expr: [] } })],
    ['it lists chain c twice', listing(CHAIN, CHAIN)],
    [
      'it lists table docker-bridges twice',
      listing({ table: { family: 'ip', name: 'docker-bridges', handle: 2 } }),
    ],
    ['has no priority', listing({ chain: { ...TABLE, name: 'c', type: 'filter', hook: 'forward' } })],
    [
      'its statements are nested too deeply',
      listing(CHAIN, { rule: { ...TABLE, chain: 'c', handle: 1, expr: ['DEEP'] } }).replace(
        '"DEEP"',
        `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
      ),
    ],
  ])('%s', (what, text) => {
    const fault = (): unknown => {
      try {
        return parseNftTables(text, 'nft -j list table ip docker-bridges');
      } catch (error) {
        return error;
      }
    };
    expect(fault()).toBeInstanceOf(Fault);
    expect((fault() as Fault).code).toBe('RG_PARSE');
    expect((fault() as Fault).message).toContain(what);
  });
});
