import { chmodSync, chownSync, readFileSync, renameSync } from 'node:fs';
import { rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execaSync } from 'execa';
import { expect, test } from 'vitest';
import { describeCli, filesOf, withHost } from '../../support/cli.ts';
import { chainIn, forgeBaseline, type BaselineDocument } from '../../support/stored.ts';
import { oneIn } from '../../support/incident/share.ts';

const forged = (change: (document: BaselineDocument) => void) => (file: string) => {
  forgeBaseline(file, change);
};

/** Puts a rule into a chain of the baseline, as one of Docker's. */
const slipIn = (table: string, chain: string, text: string, owner = 'docker') =>
  forged((document) => chainIn(document, table, chain).rules.unshift({ text, owner }));

/** What was done to the file, and what the refusal must say. */
const SPOILS: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  [
    "is another user's",
    (file) => {
      chownSync(file, 12345, 0);
    },
    /does not belong to root.*chown root/s,
  ],
  [
    'may be written by its group',
    (file) => {
      chmodSync(file, 0o620);
    },
    /may be written.*chmod go-w/s,
  ],
  [
    'may be written by anyone',
    (file) => {
      chmodSync(file, 0o602);
    },
    /may be written.*chmod go-w/s,
  ],
  [
    'is in a folder that anyone may write',
    (file) => {
      chmodSync(path.dirname(file), 0o777);
    },
    /written/,
  ],
  [
    'is in a folder of another user',
    (file) => {
      chownSync(path.dirname(file), 12345, 0);
    },
    /belong to root/,
  ],
  ['is a link', asLink, /cannot be read: ELOOP/],
  ['is a pipe', asPipe, /no plain file/],
  [
    'is no JSON',
    (file) => {
      writeFileSync(file, 'never mind');
    },
    /no JSON.*snapshot/s,
  ],
  [
    'is empty',
    (file) => {
      truncateSync(file);
    },
    /no JSON.*snapshot/s,
  ],
  [
    'is cut short',
    (file) => {
      truncateSync(file, 500);
    },
    /no JSON.*snapshot/s,
  ],
  [
    'is JSON, but no baseline',
    (file) => {
      writeFileSync(file, '[]');
    },
    /schema.*snapshot/s,
  ],
  [
    'was edited',
    (file) => {
      rewrite(file, '172.17.0.2', '172.17.0.9');
    },
    /digest.*snapshot/s,
  ],
  ['is of a newer version', forged((one) => (one.version = 2)), /schema.*\/version/s],
  ['has a field too many', forged((one) => Object.assign(one, { hooks: ['rm'] })), /schema/],
  [
    'names a table of its own',
    forged((one) => (one.families.ipv4[0] = { name: 'evil', chains: [] })),
    /schema/,
  ],
  [
    'holds two lines in one rule',
    slipIn('filter', 'DOCKER', '-A DOCKER -i a -j DROP\n-A INPUT -j ACCEPT'),
    /not one rule of this chain/,
  ],
  [
    'holds a newline in disguise',
    slipIn('filter', 'DOCKER-USER', '-A DOCKER-USER -j DROP\u010a-A INPUT -j ACCEPT', 'shared'),
    /schema/,
  ],
  [
    'holds a NUL',
    slipIn('filter', 'DOCKER-USER', '-A DOCKER-USER -s 1.2.3.4/32\0 -j DROP', 'shared'),
    /schema/,
  ],
  [
    "calls a rule in FORWARD Docker's",
    slipIn('filter', 'FORWARD', '-A FORWARD -j ACCEPT'),
    /not Docker's.*-j ACCEPT/s,
  ],
  [
    "calls a rule in DOCKER Docker's",
    slipIn('filter', 'DOCKER', '-A DOCKER -s 6.6.6.6/32 -j ACCEPT'),
    /not Docker's/,
  ],
  [
    'has a rule of one chain in another',
    slipIn('filter', 'DOCKER-USER', '-A INPUT -j ACCEPT', 'shared'),
    /not Docker's/,
  ],
  ["calls a chain Docker's", forged(addChain), /not Docker's.*EVIL/s],
];

function asLink(file: string): void {
  renameSync(file, `${file}.real`);
  symlinkSync(`${file}.real`, file);
}

function asPipe(file: string): void {
  rmSync(file);
  execaSync('mkfifo', ['-m', '600', file]);
}

function rewrite(file: string, from: string, to: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
}

function addChain(document: BaselineDocument): void {
  const rules = [{ text: '-A EVIL -j ACCEPT', owner: 'docker' }];
  document.families.ipv4[0]?.chains.push({ name: 'EVIL', owner: 'docker', policy: '-', rules });
}

describeCli('a baseline file that root must not replay', () => {
  test.each(oneIn(6, SPOILS))('%s: refused by name, and the rules stay as they are', (_, spoil, why) =>
    withHost(async (host) => {
      await host.run('snapshot');
      const [file = ''] = filesOf(host, 'baselines');
      await host.sh('iptables -F');
      const damaged = await host.rules();
      spoil(file);
      const { code, stdout, stderr } = await host.attempt(['restore']);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toContain(path.dirname(file));
      expect(stderr).toMatch(why);
      expect(await host.rules()).toBe(damaged);
    }),
  );

  test('is refused by every command that reads it, and told apart by list and verify', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.run('snapshot');
      const file = filesOf(host, 'baselines').at(-1) ?? '';
      rewrite(file, '172.17.0.2', '172.17.0.9');
      for (const words of ['check', 'restore --dry-run', 'restore --print', `check --baseline ${file}`])
        expect((await host.attempt(words.split(' '))).code).toBe(3);
      expect(await host.run('check --nagios', 3)).toMatch(/^RULESGUARD UNKNOWN - .*digest/);
      expect(await host.run('baseline list')).toMatch(/^000001.*28?\d rules.*\n000002.*not usable.*digest/);
      expect(await host.run('baseline verify', 1)).toMatch(/^000001\S+ +sound\n000002.*digest/);
      expect(await host.run('check --baseline 000001')).toMatch(/^INTACT/);
    }));
});

describeCli('the chain of baselines', () => {
  test('shows one that was taken out, and one that was slipped in', () =>
    withHost(async (host) => {
      for (let i = 0; i < 3; i++) await host.run('snapshot');
      expect(await host.run('baseline verify')).toMatch(/^(\d{6}-\S+ +sound\n){3}$/);
      const [, second = '', third = ''] = filesOf(host, 'baselines');

      renameSync(second, `${second}.away`);
      expect(await host.run('baseline verify', 1)).toMatch(/sound\n000003.*does not follow from 000001/);
      renameSync(`${second}.away`, second);
      expect(await host.run('baseline verify')).toContain('sound');

      forgeBaseline(second, (document) => (document.previous = null));
      expect(await host.run('baseline verify', 1)).toMatch(
        /000002.*does not follow(.|\n)*000003.*does not follow/,
      );
      rmSync(third);
    }));
});

/** Somebody else decides where these lead. The folder is made again for each. */
const WEAK: readonly (readonly [what: string, make: string])[] = [
  ['a folder above is another user’s', 'mkdir -p up/rg && chown 12345 up'],
  ['a folder above may be written by anyone', 'mkdir -p up/rg && chmod 0777 up'],
  ['a folder above may be written by its group', 'mkdir -p up/rg && chmod 0775 up'],
  ['it is a link of another user’s', 'mkdir -p mine up && ln -s ../mine up/rg && chown -h 12345 up/rg'],
  ['a link on the way is another user’s', 'mkdir -p mine/rg && ln -s mine up && chown -h 12345 up'],
  [
    'it leads through a folder of another user’s',
    'mkdir -p theirs/rg up && chown 12345 theirs && ln -s ../theirs/rg up/rg',
  ],
];

describeCli('a folder in which somebody else decides what lies', () => {
  test.each(oneIn(4, WEAK))('%s: neither state nor lock is taken there', (_, make) =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      const damaged = await host.rules();
      const base = path.join(host.folder, 'weak');
      await host.ns.exec('sh', ['-c', `mkdir ${base} && cd ${base} && ${make}`]);
      const weak = path.join(base, 'up', 'rg');
      await host.ns.exec('sh', ['-c', `cp -r ${host.stateDir}/. ${weak}/`]);
      for (const words of [
        ['restore', '--assume-unchanged', '--state-dir', weak],
        ['snapshot', '--force', '--state-dir', weak],
        ['restore', '--assume-unchanged', '--run-dir', weak],
      ]) {
        const { code, stderr } = await host.attempt(words);
        expect([words, code, stderr]).toEqual([words, 3, expect.stringMatching(/must belong to root/)]);
      }
      expect(await host.rules()).toBe(damaged);
    }),
  );

  test('links of root’s are followed, and /tmp may hold folders of root’s', () =>
    withHost(async (host) => {
      await host.ns.exec('sh', ['-c', `mkdir -p ${host.folder}/real && ln -s real ${host.folder}/link`]);
      await host.run(`snapshot --state-dir ${host.folder}/link/state --run-dir ${host.folder}/link/run`);
      await host.run(`check --state-dir ${host.folder}/link/state`);
    }));
});
