import { expect, test } from 'vitest';
import { printable } from '../../../src/printable.ts';
import { authorFrom, userNameIn, type AuthorTexts, type ProcTexts } from '../../../src/watch/author.ts';

const stat = (pid: number, name: string, parent: number, terminal = 0): string =>
  `${String(pid)} (${name}) S ${String(parent)} ${String(pid)} 1 ${String(terminal)} -1 4194304 101`;

const found = (given: Partial<AuthorTexts> = {}): AuthorTexts => ({
  pid: 500,
  stat: stat(500, 'iptables', 400),
  cmdline: 'iptables\0-t\0nat\0-F\0',
  status: 'Name:\tiptables\nTgid:\t500\nPid:\t500\n',
  cgroup: '0::/\n',
  loginuid: '4294967295',
  ...given,
});

const parent = (pid: number, name: string, above: number): ProcTexts => ({
  pid,
  stat: stat(pid, name, above),
  cmdline: `${name}\0`,
});

const author = (given: Partial<AuthorTexts> = {}, parents: readonly ProcTexts[] = [parent(400, 'bash', 1)]) =>
  authorFrom({ pid: 500, name: 'iptables', found: found(given), parents }, (uid) =>
    userNameIn('root:x:0:0:root:/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\n', uid),
  );

test('a command is named with its arguments and its parents, and nothing is unknown of it', () => {
  expect(author()).toEqual({
    pid: 500,
    name: 'iptables',
    command: ['iptables', '-t', 'nat', '-F'],
    parents: [{ pid: 400, name: 'bash', command: ['bash'] }],
  });
});

test.each([
  [34816, 'pts/0'],
  [34819, 'pts/3'],
  [35072, 'pts/256'],
  [1025, 'tty1'],
  [1088, 'ttyS0'],
  [1281, 'terminal 5:1'],
])('terminal %i is %s', (device, terminal) => {
  expect(author({ stat: stat(500, 'iptables', 400, device) }).terminal).toBe(terminal);
});

test.each([
  ['0::/system.slice/cron.service\n', 'cron.service'],
  ['0::/user.slice/user-1000.slice/session-3.scope\n', 'session-3.scope'],
  ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/fw.service\n', 'fw.service'],
  ['9:name=systemd:/system.slice/ssh.service\n4:memory:/x.service\n0::/\n', 'ssh.service'],
  ['4:memory:/x\n0::/\n', undefined],
])('cgroup %j is unit %s', (cgroup, unit) => {
  expect(author({ cgroup }).unit).toBe(unit);
});

test('a process in a container has the container’s id, and no unit', () => {
  const id = 'ab'.repeat(32);
  const inside = author({ cgroup: `0::/system.slice/docker-${id}.scope/init.scope\n` });
  expect(inside.container).toBe(id);
  expect(inside.unit).toBeUndefined();
});

test('who logged in is named, or has a number; nobody is nobody', () => {
  expect(author({ loginuid: '1000' }).login).toBe('anna');
  expect(author({ loginuid: '1234' }).login).toBe('uid 1234');
  expect(author({ loginuid: '0' }).login).toBe('root');
  expect(author({ loginuid: '' }).login).toBeUndefined();
});

test('a thread is named as its process', () => {
  expect(author({ status: 'Name:\tdockerd\nTgid:\t77\nPid:\t500\n' }).pid).toBe(77);
});

test('what could not be known is said', () => {
  const gone = authorFrom({ pid: 500, name: 'iptables', found: undefined, parents: [] }, () => undefined);
  expect(gone).toEqual({
    pid: 500,
    name: 'iptables',
    command: [],
    parents: [],
    unknown: 'it had ended before it could be looked at',
  });
  const other = author({ stat: stat(500, 'sshd', 1), cmdline: 'sshd\0' });
  expect(other.command).toEqual([]);
  expect(other.unknown).toContain('process 500 is sshd here');
  expect(author({ cmdline: '' }).unknown).toBe('it had no command line any more');
  expect(author({}, []).unknown).toBe('its ancestor 400 could not be looked at');
});

test('at most eight parents, and never process 1', () => {
  const many = Array.from({ length: 12 }, (_, at) => parent(400 - at, 'sh', 399 - at));
  expect(author({}, many).parents).toHaveLength(8);
  expect(author({}, many).unknown).toBeUndefined();
  expect(author({}, [parent(400, 'sh', 1), parent(1, 'systemd', 0)]).parents.map(({ pid }) => pid)).toEqual([
    400,
  ]);
});

test('a hostile name and command line do nothing to whoever reads them', () => {
  const name = 'a) R 1 2 (\u001b[2J';
  const hostile = authorFrom(
    {
      pid: 500,
      name,
      found: found({
        stat: stat(500, name, 400),
        cmdline: `x\0--a=\u001b]0;title\u0007\n# new generation\0\u00e2\u0080\u00ae\0`,
      }),
      parents: [parent(400, 'b\n\u001b[31m', 1)],
    },
    () => undefined,
  );
  const shown = [...hostile.command, hostile.name, ...hostile.parents.map((one) => one.name)];
  expect(shown.map((text) => printable(text))).toEqual(shown);
  expect(hostile.parents[0]?.pid).toBe(400);
});

test.each(['x', '\0', ' ', '\n', '"', 'a=b '])('a megabyte of %j is cut, and that is shown', (piece) => {
  const cmdline = piece.repeat(1024 * 1024);
  const begun = performance.now();
  const { command } = author({ cmdline: `prog\0${cmdline}` });
  expect(performance.now() - begun).toBeLessThan(1000);
  expect(command[0]).toBe('prog');
  expect(command.at(-1)).toBe('…');
  expect(JSON.stringify(command).length).toBeLessThan(10_000);
});
