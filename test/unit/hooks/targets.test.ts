import { expect, test } from 'vitest';
import type { FileState } from '../../../src/hooks/file.ts';
import type { SeenFiles } from '../../../src/hooks/target.ts';
import { TARGETS } from '../../../src/hooks/targets.ts';
import { commandsOf } from '../../../src/hooks/unit.ts';

const MAKING = {
  program: { path: '/usr/local/bin/rulesguard', nodeFolder: '/opt/node/bin' },
  vetoFlushAll: false,
};

/** A host with these files on it. */
function seen(files: Readonly<Record<string, string>>): SeenFiles {
  return {
    read: (path): FileState | undefined =>
      files[path] === undefined ? undefined : { content: files[path], mode: 0o644 },
    list: (folder) =>
      Object.keys(files)
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1))
        .sort(),
  };
}

function filesOf(name: string, host: Readonly<Record<string, string>> = {}) {
  const target = TARGETS.find((one) => one.name === name);
  return target?.files(seen(host), MAKING) ?? [];
}

const linesOf = (name: string, path: string, host: Readonly<Record<string, string>> = {}) => {
  const file = filesOf(name, host).find((one) => one.path === path);
  return file === undefined || file.kind === 'link' ? [] : file.lines;
};

test.each(TARGETS.map(({ name, places, files }) => ({ name, places, files })))(
  '$name: what is written can be found again to be taken out',
  ({ places, files }) => {
    for (const { path } of files(seen({}), MAKING)) expect(places).toContain(path);
  },
);

const UNIT = `[Service]
ExecStart=/usr/sbin/nft -f /etc/nftables.conf
ExecReload=/usr/sbin/nft -f /etc/nftables.conf
ExecStop=/usr/sbin/nft flush ruleset
`;
const DROP_IN = '/etc/systemd/system/nftables.service.d/rulesguard.conf';
const call = (phase: string) => `-+/bin/sh /usr/local/lib/rulesguard/nftables ${phase}`;

test('nftables.service: start, stop, and a reload that runs ours around its own command', () => {
  expect(linesOf('nftables', DROP_IN, { '/lib/systemd/system/nftables.service': UNIT })).toEqual([
    '[Service]',
    `ExecStartPre=${call('pre')}`,
    `ExecStartPost=${call('post')}`,
    'ExecReload=',
    `ExecReload=${call('pre')}`,
    'ExecReload=/usr/sbin/nft -f /etc/nftables.conf',
    `ExecReload=${call('post')}`,
    'ExecStop=',
    `ExecStop=${call('pre')}`,
    'ExecStop=/usr/sbin/nft flush ruleset',
    `ExecStopPost=${call('post')}`,
  ]);
});

test('a unit that cannot be reloaded does not come to look as if it could', () => {
  const unit = '[Service]\nExecStart=/bin/true\n';
  const lines = linesOf('nftables', DROP_IN, { '/usr/lib/systemd/system/nftables.service': unit });
  expect(lines.filter((line) => /^Exec(?:Reload|Stop)=/.test(line))).toEqual([]);
});

test('an administrator’s own drop-in and unit count', () => {
  const lines = linesOf('nftables', DROP_IN, {
    '/lib/systemd/system/nftables.service': UNIT,
    '/etc/systemd/system/nftables.service': UNIT.replace('flush ruleset', 'delete table inet filter'),
    '/etc/systemd/system/nftables.service.d/override.conf':
      '[Service]\nExecReload=\nExecReload=/root/reload %n\n',
    '/etc/systemd/system/nftables.service.d/notes.txt': 'ExecReload=/bin/false',
  });
  expect(lines.filter((line) => line.startsWith('ExecReload='))[2]).toBe('ExecReload=/root/reload %n');
  expect(lines).toContain('ExecStop=/usr/sbin/nft delete table inet filter');
});

test('commands of a unit: continued lines, several lines, a list begun again', () => {
  expect(commandsOf('ExecReload', ['ExecReload=/bin/a \\\n  b\nExecReload = /bin/c'])).toEqual([
    '/bin/a    b',
    '/bin/c',
  ]);
  expect(commandsOf('ExecReload', ['ExecReload=/bin/a', 'ExecReload=\nExecReload=/bin/c'])).toEqual([
    '/bin/c',
  ]);
});

test.each([
  ['as Debian ships it', '@include ferm.d/;\n', '/etc/ferm/ferm.d/rulesguard.ferm'],
  ['with a path', "@include '/etc/ferm/ferm.d/';\n", '/etc/ferm/ferm.d/rulesguard.ferm'],
  ['without an include', 'chain INPUT policy DROP;\n', '/etc/ferm/ferm.conf'],
  ['with the include commented out', '# @include ferm.d/;\n', '/etc/ferm/ferm.conf'],
])('ferm.conf %s', (_, config, path) => {
  expect(linesOf('ferm', path, { '/etc/ferm/ferm.conf': config })).toContain(
    '@hook post "/bin/sh /usr/local/lib/rulesguard/ferm post";',
  );
});

test('csf: the scripts that csf runs', () => {
  const paths = (host: Readonly<Record<string, string>>) => filesOf('csf', host).map(({ path }) => path);
  expect(paths({})).toEqual(['/etc/csf/csfpre.sh', '/etc/csf/csfpost.sh']);
  expect(paths({ '/usr/local/csf/bin/csfpost.sh': '#!/bin/bash\n' })).toEqual([
    '/etc/csf/csfpre.sh',
    '/usr/local/csf/bin/csfpost.sh',
  ]);
});

test('shorewall6 too, where it is there', () => {
  const paths = filesOf('shorewall', {
    '/etc/shorewall/shorewall.conf': '',
    '/etc/shorewall6/shorewall6.conf': '',
  }).map(({ path }) => path);
  expect(paths).toContain('/etc/shorewall/started');
  expect(paths).toContain('/etc/shorewall6/started');
});

test('the front stands before the tools that are there, and for no others', () => {
  const files = filesOf('front', { '/usr/sbin/iptables': '', '/sbin/iptables-restore': '' });
  expect(files.map(({ path }) => path)).toEqual([
    '/usr/local/sbin/iptables',
    '/usr/local/sbin/iptables-restore',
  ]);
});
