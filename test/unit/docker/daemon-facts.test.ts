import { expect, test } from 'vitest';
import { environmentOf, factsOf } from '../../../src/docker/daemon-facts.ts';
import type { DaemonFacts } from '../../../src/docker/settings.ts';

const PLAIN = environmentOf('PATH=/usr/bin\0');

/** A file that may not be the one the daemon read. */
const UNKNOWN = Symbol('unknown');

/** What a daemon's arguments and file tell. */
const facts = (line: string, config: unknown = {}, environment = PLAIN): DaemonFacts =>
  factsOf({
    args: line === '' ? [] : line.split(' '),
    environment,
    readConfig: () => (config === UNKNOWN ? undefined : config),
  });

const DEFAULTS: DaemonFacts = {
  userlandProxy: true,
  iptables: true,
  directRouting: false,
  acceptMark: '',
  noRaw: false,
  sctpChecksum: false,
};

test('nothing given is the default, but for ip6tables, whose default depends on the version', () => {
  expect(facts('')).toEqual(DEFAULTS);
  expect(facts('-H unix:///run/docker.sock --storage-driver vfs --experimental')).toEqual(DEFAULTS);
});

test.each<[line: string, told: DaemonFacts]>([
  ['--userland-proxy=false', { userlandProxy: false }],
  ['--userland-proxy=0', { userlandProxy: false }],
  ['--userland-proxy=F', { userlandProxy: false }],
  ['--userland-proxy=TRUE', { userlandProxy: true }],
  ['--userland-proxy', { userlandProxy: true }],
  ['--userland-proxy=false --userland-proxy', { userlandProxy: true }],
  ['--ip6tables', { ip6tables: true }],
  ['--ip6tables=false', { ip6tables: false }],
  ['--iptables=false', { iptables: false }],
  ['--allow-direct-routing', { directRouting: true }],
  ['--bridge-accept-fwmark=1', { acceptMark: '0x1' }],
  ['--bridge-accept-fwmark 1', { acceptMark: '0x1' }],
  ['--bridge-accept-fwmark=0x1/0x3', { acceptMark: '0x1/0x3' }],
  ['--bridge-accept-fwmark=16/255', { acceptMark: '0x10/0xff' }],
  ['--bridge-accept-fwmark=0x1/0xffffffff', { acceptMark: '0x1' }],
])('%s', (line, told) => {
  expect(facts(line)).toEqual({ ...DEFAULTS, ...told });
});

test.each<[name: keyof DaemonFacts, line: string]>([
  ['userlandProxy', '--userland-proxy=maybe'],
  ['acceptMark', '--bridge-accept-fwmark=x'],
])('%s stays open with %s', (name, line) => {
  expect(facts(line)).not.toHaveProperty(name);
});

test('the file', () => {
  const config = {
    'userland-proxy': false,
    ip6tables: true,
    iptables: false,
    'allow-direct-routing': true,
    'bridge-accept-fwmark': '2',
    labels: [],
  };
  expect(facts('', config)).toEqual({
    ...DEFAULTS,
    userlandProxy: false,
    ip6tables: true,
    iptables: false,
    directRouting: true,
    acceptMark: '0x2',
  });
});

test('the command line goes before the file', () => {
  expect(facts('--userland-proxy', { 'userland-proxy': false }).userlandProxy).toBe(true);
});

test('a file that cannot be trusted leaves only what else was given', () => {
  expect(facts('--iptables', UNKNOWN)).toEqual({ iptables: true, noRaw: false, sctpChecksum: false });
  expect(facts('', [])).toEqual(DEFAULTS);
  expect(facts('', 'no object')).toEqual({ noRaw: false, sctpChecksum: false });
});

test('the file that is named is the one that is read', () => {
  const read: string[] = [];
  const readConfig = (path: string) => void read.push(path);
  for (const line of [[], ['--config-file=/a.json'], ['--config-file', '/b.json']])
    factsOf({ args: line, environment: PLAIN, readConfig });
  expect(read).toEqual(['/etc/docker/daemon.json', '/a.json', '/b.json']);
});

test.each<[text: string, told: DaemonFacts]>([
  ['DOCKER_INSECURE_NO_IPTABLES_RAW=1', { noRaw: true, sctpChecksum: false }],
  ['DOCKER_IPTABLES_SCTP_CHECKSUM=1', { noRaw: false, sctpChecksum: true }],
  ['DOCKER_INSECURE_NO_IPTABLES_RAW=true', { noRaw: false, sctpChecksum: false }],
])('environment: %s', (text, told) => {
  expect(facts('', {}, environmentOf(`A=b=c\0${text}\0`))).toMatchObject(told);
});

test('an environment that cannot be read tells nothing', () => {
  const told = facts('', {}, environmentOf(''));
  expect(told).not.toHaveProperty('noRaw');
  expect(told).not.toHaveProperty('sctpChecksum');
});
