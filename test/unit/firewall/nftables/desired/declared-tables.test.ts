import { describe, expect, test } from 'vitest';
import {
  parseDeclaredTables,
  printDeclaredTables,
} from '../../../../../src/firewall/nftables/desired/declared-tables.ts';
import { undeclarableTable } from '../../../../../src/firewall/nftables/desired/undeclarable-table.ts';

const CLOSE = `table inet close {
	set admins {
		type ipv4_addr
		elements = { 192.0.2.7,
			     192.0.2.8 comment "a } brace" }
	}

	chain forward {
		type filter hook forward priority filter - 10; policy accept;
		ip saddr @admins accept
		tcp dport 5432 drop comment "table ip nat {"
	}
}
`;
const MORE = 'table ip6 more {\n\tchain c {\n\t}\n}\n';

const parse = (text: string) => parseDeclaredTables(text, '/etc/x.nft');

describe('the file of declared tables', () => {
  test('holds whole blocks, each as it stands', () => {
    expect(parse(`# by hand\n\n${CLOSE}\n${MORE}`)).toEqual([
      { table: 'inet close', text: CLOSE },
      { table: 'ip6 more', text: MORE },
    ]);
    expect(parse('# nothing yet\n')).toEqual([]);
  });

  test('is read as it was written', () => {
    const tables = parse(`${CLOSE}${MORE}`);
    expect(parse(printDeclaredTables(tables))).toEqual(tables);
  });

  test('of one line counts too', () => {
    expect(parse('table ip a { chain c { tcp dport { 1, 2 } drop; }; }; table ip b { }')).toMatchObject([
      { table: 'ip a', text: 'table ip a { chain c { tcp dport { 1, 2 } drop; }; }\n' },
      { table: 'ip b' },
    ]);
  });

  test.each([
    ['flush ruleset\n', 'line 1 is not a table'],
    [`${MORE}flush ruleset\n`, 'line 5 is not a table'],
    [`${MORE}flush ruleset`, 'line 5 is not a table'],
    ['flush ruleset; table ip a {\n}\n', 'line 1 is not a table'],
    ['delete table inet other\n', 'line 1 is not a table'],
    ['add rule inet other c drop\n', 'line 1 is not a table'],
    ['add element inet other s { 192.0.2.1 }\n', 'line 1 does not begin a table'],
    ['add table ip a {\n}\n', 'line 1 does not begin a table'],
    ['chain c {\n}\n', 'line 1 does not begin a table'],
    ['table a {\n}\n', 'line 1 does not begin a table'],
    ['table ip "a" {\n}\n', 'line 1 does not begin a table'],
    ['table ip a b {\n}\n', 'line 1 does not begin a table'],
    ['table ip a\n{\n}\n', 'line 1 is not a table'],
    ['table ip a\n', 'line 1 is not a table'],
    ['include "/etc/shadow"\n', 'line 1 holds include'],
    ['table ip a {\n\tinclude "/etc/shadow"\n}\n', 'line 2 holds include'],
    ['define x = 1\n', 'line 1 holds define'],
    ['table ip a {\n\tchain c {\n\t\ttcp dport $x drop\n\t}\n}\n', 'line 3 holds $x'],
    ['table ip a { }\ntable ip b { \\\n}\n', 'line 2 holds a backslash'],
    ['table ip a {\n\tchain c {\n}\n', 'a brace or a quotation mark is open'],
    ['table ip a {\n}\n}\n', 'a brace or a quotation mark is open'],
    ['table ip a {\n\tchain c {\n\t\tiifname "eth0\n\t}\n}\n', 'is open'],
    [`${MORE}${MORE}`, 'line 5 declares table ip6 more, which is listed twice'],
    ['table ip filter {\n}\n', 'is where iptables keeps its rules'],
    ['table ip6 nat {\n}\n', 'is where iptables keeps its rules'],
    ['table ip docker-bridges {\n}\n', "is Docker's own"],
    ['table inet firewalld {\n}\n', 'is kept by firewalld'],
    ['table inet f2b-table {\n}\n', 'is kept by fail2ban'],
    ['table inet a {\n\tflags owner\n}\n', 'can be changed only by the program that made it'],
    ['table inet a { flags owner, persist; }\n', 'can be changed only by the program that made it'],
    ['table inet a {\n\tchain f2b-chain {\n\t}\n}\n', 'holds chain f2b-chain, which fail2ban keeps'],
  ])('is a fault where it holds %j', (text, why) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: 'RG_DECLARED',
        exit: 2,
        message: expect.stringContaining(`the declaration /etc/x.nft is not used: `) as string,
      }),
    );
    expect(() => parse(text)).toThrow(why);
  });

  test('is a fault where it is too large to be rules of one operator', () => {
    expect(() => parse(`# ${'x'.repeat(5 * 1024 * 1024)}\n`)).toThrow('it is larger than 4194304 bytes');
  });
});

test.each([
  ['inet filter', ''],
  ['ip filters', ''],
  ['bridge filter', ''],
  ['inet close', CLOSE],
  ['inet a', 'table inet a {\n\tflags dormant\n\tset owner {\n\t\tflags interval\n\t}\n}\n'],
])('%s can be declared', (table, text) => {
  expect(undeclarableTable(table, text)).toBeUndefined();
});
