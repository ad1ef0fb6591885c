import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { makeMask } from '../../../src/report/mask/mask.ts';
import { maskAddresses } from '../../support/mask-addresses.ts';

test.each([
  '0.0.0.0:8080 → 80/tcp',
  '! -d 127.0.0.0/8',
  '-s 10.0.0.0/8 -j DROP',
  '[::]:8080, ::1 and ::/0',
  'mask 255.255.255.0',
  'at 03:12:44 on 2026-11-22, counters [12:34567890]',
  '-m mark --mark 0x10000000/0xffffffff',
  'ff:ff:ff:ff:ff:ff',
  'summary::before { content: "" }',
  'Engine 28.5.2, container web_1, br-5f2a9c81d0e4',
])('stays: %s', (text) => {
  expect(maskAddresses(text)).toBe(text);
});

test.each([
  ['172.17.0.2', '10.1.0.2'],
  ['172.17.0.2 172.17.0.1/16 172.18.5.9', '10.1.0.2 10.1.0.1/16 10.2.5.9'],
  ['172.16.0.0/12 holds 172.31.0.9', '10.0.0.0/12 holds 10.15.0.9'],
  ['10.0.0.7 to 192.168.16.5', '10.16.0.7 to 10.40.16.5'],
  ['203.0.113.7 203.0.113.0/24 198.51.100.7', '198.18.0.7 198.18.0.0/24 198.18.1.7'],
  ['198.18.0.7', '198.18.1.7'],
  ['[2001:db8::2]:80 2001:db8::/64', '[2001:db8:1::2]:80 2001:db8:1::/64'],
  ['::ffff:172.17.0.2', '::ffff:10.1.0.2'],
  ['fe80::42:acff:fe11:2/64', 'fe80::1:1/64'],
  ['02:42:ac:11:00:02 02:42:AC:11:00:02', '02:00:00:00:00:01 02:00:00:00:00:01'],
  ['02-42-ac-11-00-02', '02-00-00-00-00-01'],
  ['-p 192.0.2.1:8080:80', '-p 198.18.0.1:8080:80'],
  ['ip-172-17-0-2.internal', 'ip-10-1-0-2.internal'],
  ['172.17.0.2 0xac110002 AC110002 020011ac 2886795266', '10.1.0.2 0x0a010002 0a010002 0200010a 167837698'],
  ['--u32 "12=0xc0a80105"', '--u32 "12=0x0a080105"'],
  ['1.0.0.2.ip6.arpa', 'masked.ip6.arpa'],
  [
    'MAC=02:42:ac:11:00:02:02:42:ac:11:00:03:08:00 SRC=172.17.0.2',
    'MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00 SRC=10.1.0.2',
  ],
])('%s becomes %s', (text, masked) => {
  expect(maskAddresses(text)).toBe(masked);
});

test('host names are masked where they are asked for, as whole words', () => {
  const mask = makeMask([], ['edge-03.example.net', 'edge-03']);
  expect(mask.text('edge-03.example.net, edge-03: edge-030')).toBe('host-1, host-2: edge-030');
  expect(makeMask([], ['fail']).value({ verdict: 'fail', title: 'on fail' })).toEqual({
    verdict: 'fail',
    title: 'on host-1',
  });
});

test('maps and sets are masked like texts, keys of records and numbers are not', () => {
  const value = { at: new Map([['172.17.0.2', new Set(['172.17.0.2'])]]), count: 4 };
  expect(makeMask([value]).value(value)).toEqual({
    at: new Map([['10.1.0.2', new Set(['10.1.0.2'])]]),
    count: 4,
  });
});

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures');
const folders = readdirSync(FIXTURES).filter((name) => name.startsWith('engine-'));

test.each(folders)('%s: rules of a real Engine hold no address of theirs, and parse as before', (folder) => {
  for (const family of ['ipv4', 'ipv6']) {
    const save = readFileSync(path.join(FIXTURES, folder, `${family}.save`), 'latin1');
    const masked = maskAddresses(save);
    const kept = /^(0\.0\.0\.0|127\.|255\.)/;
    const found = new Set(save.match(/\d+\.\d+\.\d+\.\d+/g)?.filter((one) => !kept.test(one)));
    for (const one of found) expect(masked.match(/\d+\.\d+\.\d+\.\d+/g) ?? []).not.toContain(one);
    const texts = (text: string): number[] =>
      [...parseSave(text).ruleset.tables.values()].flatMap(({ chains }) =>
        [...chains.values()].map(({ rules }) => new Set(rules.map((rule) => rule.text)).size),
      );
    expect(texts(masked)).toEqual(texts(save));
  }
});
