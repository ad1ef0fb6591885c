import { describe, expect, test } from 'vitest';
import { isLoopback, overlap, parseBlock, sameBlock } from '../../../src/net/address.ts';

describe('parseBlock', () => {
  test.each<[text: string, base: bigint, length: number]>([
    ['0.0.0.0/0', 0n, 0],
    ['172.17.0.0/16', 0xac110000n, 16],
    ['172.17.5.9/16', 0xac110000n, 16],
    ['192.0.2.1', 0xc0000201n, 32],
    ['255.255.255.255/32', 0xffffffffn, 32],
    ['::/0', 0n, 0],
    ['::1', 1n, 128],
    ['::1/128', 1n, 128],
    ['fe80::/10', 0xfe80n << 112n, 10],
    ['fe80::1/10', 0xfe80n << 112n, 10],
    ['2001:db8::a:B', (0x20010db8n << 96n) | 0xa000bn, 128],
    ['1:2:3:4:5:6:7::', 0x00010002000300040005000600070000n, 128],
    ['1:2:3:4:5:6:7:8', 0x00010002000300040005000600070008n, 128],
    ['::ffff:192.0.2.1', 0xffffc0000201n, 128],
  ])('%s', (text, base, length) => {
    expect(parseBlock(text)).toEqual({ family: text.includes(':') ? 'ipv6' : 'ipv4', base, length });
  });

  test.each([
    ...[
      '',
      '/',
      '/8',
      'docker0',
      '10.0.0',
      '10.0.0.0.0',
      '256.0.0.1',
      '10.0.0.-1',
      '0x0a.0.0.1',
      '10.0.0.0/33',
      '10.0.0.0/-1',
    ],
    ...[
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0.0/ 8',
      '10.0.0.0/0x8',
      '10.0.0.0/1e1',
      '10.0.0.0/255.0.0.0',
      ' 10.0.0.0',
    ],
    ...[
      ':',
      ':::',
      '1::2::3',
      '1:2:3',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
      'fe80::1%eth0',
      'g::',
      '12345::',
      '::1/129',
      '::256.0.0.1',
    ],
  ])('%j is no block', (text) => {
    expect(parseBlock(text)).toBeUndefined();
  });
});

describe('overlap', () => {
  test.each<[a: string, b: string, expected: boolean]>([
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.1.2.3', '10.0.0.0/8', true],
    ['10.0.0.0/8', '11.0.0.0/8', false],
    ['10.0.0.0/9', '10.128.0.0/9', false],
    ['0.0.0.0/0', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['fd00::/8', 'fd12::/16', true],
    ['fd00::/64', 'fd00:0:0:1::/64', false],
    ['0.0.0.0/0', '::/0', false],
  ])('%s and %s: %s', (a, b, expected) => {
    const [blockA, blockB] = [parseBlock(a), parseBlock(b)];
    if (blockA === undefined || blockB === undefined) throw new Error('not a block');
    expect(overlap(blockA, blockB)).toBe(expected);
  });
});

describe('sameBlock', () => {
  test.each<[a: string, b: string, expected: boolean]>([
    ['172.17.0.1/16', '172.17.0.0/16', true],
    ['172.17.0.0/16', '172.17.0.0/24', false],
    ['192.0.2.1', '192.0.2.1/32', true],
    ['FD00::/64', 'fd00:0::/64', true],
    ['::/0', '0.0.0.0/0', false],
    ['host', 'host', true],
    ['host', 'other', false],
    ['192.0.2.1', 'host', false],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(sameBlock(a, b)).toBe(expected);
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['::1', true],
  ['0:0:0:0:0:0:0:1', true],
  ['128.0.0.1', false],
  ['::2', false],
  ['0.0.0.0', false],
  ['', false],
  ['127.example.com', false],
])('%j is loopback: %j', (address, loopback) => {
  expect(isLoopback(address)).toBe(loopback);
});
