import { expect, test } from 'vitest';
import {
  changedTables,
  generationFrom,
  joinedSockets,
  monitoredFrom,
} from '../../../src/watch/listener-lines.ts';

test('a generation of the listener’s has its author and the author’s parents', () => {
  const line =
    'gen 7 12 nft 12 12%20(nft)%20S%203 nft%00flush%00ruleset%00 Tgid:%0912 0::/%0a 0%25 3 3%20(sh)%20S%201 sh%00';
  expect(generationFrom(line)).toEqual({
    generation: 7,
    author: {
      pid: 12,
      name: 'nft',
      found: {
        pid: 12,
        stat: '12 (nft) S 3',
        cmdline: 'nft\0flush\0ruleset\0',
        status: 'Tgid:\t12',
        cgroup: '0::/\n',
        loginuid: '0%',
      },
      parents: [{ pid: 3, stat: '3 (sh) S 1', cmdline: 'sh\0' }],
    },
  });
});

test('texts may be empty, and the author unknown', () => {
  expect(generationFrom('gen 7 12 nft')?.author).toEqual({
    pid: 12,
    name: 'nft',
    found: undefined,
    parents: [],
  });
  expect(generationFrom('gen 7 12 nft 12 x    ')?.author?.found).toEqual({
    pid: 12,
    stat: 'x',
    cmdline: '',
    status: '',
    cgroup: '',
    loginuid: '',
  });
  expect(generationFrom('gen 7 0 ')).toEqual({ generation: 7, author: undefined });
});

test.each(['', 'gen', 'gen x 1 a', 'gen 1 2', 'gen 1 2 a\u001b', 'ready', 'add rule ip filter INPUT accept'])(
  '%j is no generation',
  (line) => {
    expect(generationFrom(line)).toBeUndefined();
    expect(monitoredFrom(line)).toBeUndefined();
  },
);

test('of nft monitor only the lines of generations count', () => {
  expect(monitoredFrom('# new generation 54 by process 29780 (iptables-nft)')).toEqual({
    generation: 54,
    by: { pid: 29780, name: 'iptables-nft' },
  });
  expect(monitoredFrom('# new generation 54')).toEqual({ generation: 54, by: undefined });
  expect(monitoredFrom('delete rule ip filter INPUT comment "# new generation 5"')).toBeUndefined();
});

test('sockets that joined a group of netlink’s protocol', () => {
  const table = [
    'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode',
    '0000000007f4bc2f 0   0          00000000 0        0        0     2        0        4       ',
    '0000000007f4bc2f 12  77         00000000 0        0        0     2        0        5       ',
    '0000000007f4bc2f 12  -99        00000040 0        0        0     2        0        6       ',
    '0000000007f4bc2f 0   77         00000551 0        0        0     2        0        7       ',
  ].join('\n');
  expect([...joinedSockets(table, 12)]).toEqual(['6']);
  expect([...joinedSockets(table, 0)]).toEqual(['7']);
  expect([...joinedSockets('', 0)]).toEqual([]);
});

test('legacy tables that changed', () => {
  expect(changedTables('changed ipv4:nat ipv6:filter')).toEqual(['ipv4 nat', 'ipv6 filter']);
  expect(changedTables('changed')).toBeUndefined();
  expect(changedTables('changed ipv4:\u001b[2J')).toBeUndefined();
});
