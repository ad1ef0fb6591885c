import { describe, expect, test } from 'vitest';
import { passingElements, withoutPassing } from '../../../../src/firewall/nftables/text/declared-table.ts';
import {
  declaredTableFindings,
  heldState,
  heldToWrite,
  type HeldTable,
} from '../../../../src/reconcile/tables/declared-tables.ts';

const lines = (...rules: string[]): string =>
  ['table inet close {', '\tchain c {', ...rules.map((rule) => `\t\t${rule}`), '\t}', '}', ''].join('\n');

const DECLARED = lines('ip saddr 192.0.2.7 accept', 'tcp dport 5432 drop', 'tcp dport 5433 drop');

const held = (live: string | undefined, text = DECLARED): HeldTable => ({ table: 'inet close', text, live });

describe('a declared table beside the live one', () => {
  test.each<[string, string | undefined, ReturnType<typeof heldState>]>([
    ['as it was', DECLARED, 'whole'],
    ['with blank lines and remarks', `# x\n${DECLARED.replaceAll('\t}', '\n\t}')}`, 'whole'],
    ['gone', undefined, 'missing'],
    ['without a rule', lines('ip saddr 192.0.2.7 accept', 'tcp dport 5433 drop'), 'lost'],
    ['without any rule', lines(), 'lost'],
    ['without a chain', 'table inet close {\n}\n', 'lost'],
    ['with one more', lines('accept', 'tcp dport 5432 drop', 'tcp dport 5433 drop'), 'changed'],
    [
      'in another order',
      lines('tcp dport 5432 drop', 'ip saddr 192.0.2.7 accept', 'tcp dport 5433 drop'),
      'changed',
    ],
    ['with another rule in the place of one', DECLARED.replace('5432', '5434'), 'changed'],
  ])('%s', (_, live, state) => {
    expect(heldState(held(live))).toBe(state);
  });

  test('is damage with what that means, worse where it closes something', () => {
    const [gone] = declaredTableFindings([held(undefined), held(DECLARED)]);
    expect(gone).toEqual({
      ...{ kind: 'declared-table', severity: 'exposure', family: 'ipv4', table: 'inet close', chain: '' },
      consequence: 'the declared table inet close is gone: what it closes may stand open',
    });
    expect(declaredTableFindings([held(undefined, lines('tcp dport 1 accept'))])).toMatchObject([
      { severity: 'outage', consequence: 'the declared table inet close is gone' },
    ]);
    expect(declaredTableFindings([held(lines())])).toMatchObject([
      { consequence: expect.stringContaining('has lost rules') as string },
    ]);
  });

  test('comes back by itself where it lost something, and on somebody’s word where it was changed', () => {
    const [lost, changed] = [held(lines()), held(lines('accept'))];
    const all = [held(DECLARED), lost, changed];
    expect(heldToWrite(all)).toEqual([lost]);
    expect(heldToWrite(all, 'restore')).toEqual([lost, changed]);
  });
});

describe('elements that come and go', () => {
  const set = (name: string, flags: string, elements: string): string =>
    `\tset ${name} {\n\t\ttype ipv4_addr\n${flags === '' ? '' : `\t\tflags ${flags}\n`}${elements}\t}\n\n`;
  const BANNED =
    '\t\telements = { 192.0.2.1 timeout 1h expires 59m comment "a } b",\n\t\t\t     192.0.2.2 timeout 1h expires 3m }\n';
  const LISTED = `table inet close {\n${set('admins', '', '\t\telements = { 192.0.2.7 }\n')}${set('banned', 'dynamic,timeout', BANNED)}\tchain c {\n\t}\n}\n`;
  const table = { table: 'inet close', text: withoutPassing(LISTED) };

  test('are no part of what is declared; those of other sets are', () => {
    expect(table.text).toContain('192.0.2.7');
    expect(table.text).toContain('set banned {\n\t\ttype ipv4_addr\n\t\tflags dynamic,timeout\n\t}');
    expect(withoutPassing(table.text)).toBe(table.text);
  });

  test('are kept when the table is made anew', () => {
    expect(passingElements(table, LISTED)).toBe(
      'add element inet close banned { 192.0.2.1 timeout 1h expires 59m comment "a } b",\n\t\t\t     192.0.2.2 timeout 1h expires 3m }\n',
    );
    expect(passingElements(table, table.text)).toBe('');
    expect(passingElements(table, '')).toBe('');
  });

  test('are not, where no such set is declared', () => {
    expect(passingElements({ ...table, text: DECLARED }, LISTED)).toBe('');
  });
});
