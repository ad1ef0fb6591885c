import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordFacts } from '../../../src/app/peers/record-facts.ts';
import { memoryDiagnosisHost } from '../../support/app/memory-diagnosis-host.ts';
import { describeCli, PROGRAM } from '../../support/cli.ts';
import { sshPackages, startSshHosts, type SshHosts } from '../../support/peers/sshd.ts';
import type { Outcome } from '../../support/program.ts';

/* The other host by OpenSSH's own client and server, and by sudo: what they say is theirs, and not a stand-in's. */

const packages = await sshPackages();

let folder = '';
let hosts: SshHosts;
const file = (name: string): string => path.join(folder, name);

/** What `rulesguard` does on each host. */
function programs(): Readonly<Record<string, string | undefined>> {
  const tell = `cat '${file('there.json')}'`;
  const program = `'${process.execPath}' '${PROGRAM}'`;
  return {
    whole: tell,
    allowed: tell,
    changed: tell,
    unknown: tell,
    persisting: tell,
    own: `RULESGUARD_STATE_DIR='${file('state-there')}' DOCKER_HOST=unix:///nonexistent exec ${program} "$@"`,
    none: undefined,
    old: `${program} doctor --factz 2>&1 | sed 's/factz/facts/; s/ Did you mean.*//' >&2; exit 2`,
    half: `head -c 5000 '${file('there.json')}'`,
    greeting: `echo 'Welcome to host-b'; ${tell}`,
    torn: `p=$$; until [ "$(cat /proc/$p/comm)" = sshd ]; do p=$(cut -d' ' -f4 /proc/$p/stat); done; kill -9 $p; sleep 5`,
    endless: 'exec yes',
    complaining: 'exec yes >&2',
    hung: 'exec sleep 300',
  };
}

const asked = async (peer: string): Promise<Outcome & { readonly seconds: number }> => {
  const begin = Date.now();
  const words = ['doctor', 'web', '--to', '192.0.2.20:8080', '--here', file('here.json'), '--peer', peer];
  const env = { NO_COLOR: '1', RULESGUARD_STATE_DIR: file('state'), HOME: file('root') };
  const { code, stdout, stderr } = await hosts.exec([process.execPath, PROGRAM, ...words], {
    ...{ env, timeout: 120_000 },
  });
  const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();
  return { code, stdout: utf8(stdout), stderr: utf8(stderr), seconds: (Date.now() - begin) / 1000 };
};

describeCli('by real ssh', () => {
  let hung: Promise<Outcome & { readonly seconds: number }>;
  beforeAll(async () => {
    if (packages === undefined) throw new Error('openssh-server and sudo cannot be downloaded');
    folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-ssh-'));
    const about = { host: 'alpha', program: '0.1.0' };
    const text = JSON.stringify(await recordFacts(memoryDiagnosisHost(), [], about, () => undefined));
    writeFileSync(file('here.json'), text);
    const there = text.replace('"host":"alpha"', '"host":"beta"').replaceAll('"192.0.2.1"', '"192.0.2.20"');
    writeFileSync(file('there.json'), there);
    mkdirSync(file('state-there'));
    writeFileSync(path.join(file('state-there'), 'kept'), 'as it was');
    hosts = await startSshHosts(folder, packages, programs());
    hung = asked('ssh://hung');
  });
  afterAll(async () => {
    await hosts.dispose();
  });

  test.each(['ssh://whole', 'ssh://root@whole:22', 'ssh://ops@allowed'])(
    '%s tells its facts',
    async (peer) => {
      const { code, stdout, stderr } = await asked(peer);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^HEALTHY {2}web on alpha → 192\.0\.2\.20:8080\/tcp on beta: /);
      expect(code).toBe(0);
    },
  );

  test('the built program there reads its host, and changes nothing', async () => {
    const rules = await hosts.exec(['iptables-save']);
    const { code, stdout } = await asked('ssh://own');
    expect(stdout).toMatch(/^CANNOT TELL {2}/);
    expect(code).toBe(3);
    expect(readdirSync(file('state-there'))).toEqual(['kept']);
    expect(readFileSync(path.join(file('state-there'), 'kept'), 'utf8')).toBe('as it was');
    expect((await hosts.exec(['iptables-save'])).stdout).toBe(rules.stdout);
  });

  const REFUSED: readonly (readonly [peer: string, told: RegExp, hint: RegExp])[] = [
    [
      'ssh://unknown',
      /host key is not known to this login yet/,
      /connect once by hand, as the user who runs rulesguard: ssh unknown/,
    ],
    ['ssh://changed', /host key is not the one that is known here/, /ssh-keygen -R changed/],
    ['ssh://stranger@whole', /does not let this login in/, /name a login that takes the one it has/],
    ['ssh://nowhere.invalid', /cannot be reached by ssh/, /ssh nowhere\.invalid/],
    ['ssh://whole:2', /cannot be reached by ssh/, /ssh -p 2 whole\. Or bring a file/],
    ['ssh://ops@half', /may not run rulesguard by sudo/, /ops ALL=\(root\) NOPASSWD/],
    ['ssh://none', /rulesguard is not installed there/, /Install it there/],
    ['ssh://old', /older version/, /Install this version there too/],
    ['ssh://half', /not whole, or no JSON/, /sudo rulesguard doctor --facts/],
    ['ssh://greeting', /not whole, or no JSON/, /sudo rulesguard doctor --facts/],
    ['ssh://torn', /the connection broke/, /bring a file/],
    ['ssh://endless', /told too much/, /bring a file/],
    ['ssh://complaining', /told too much/, /bring a file/],
  ];
  test.each(REFUSED)('%s: %s', async (peer, told, hint) => {
    const { code, stdout, stderr, seconds } = await asked(peer);
    expect(stderr).toMatch(told);
    expect(stderr).toMatch(hint);
    expect(stdout).toBe('');
    expect(code).toBe(3);
    expect(stderr).not.toContain('\\x0d');
    expect(seconds).toBeLessThan(40);
  });

  test('a port that takes the connection and never speaks', async () => {
    const { code, stderr, seconds } = await asked('ssh://whole:2222');
    expect(stderr).toMatch(/whole does not tell its facts: it cannot be reached by ssh/);
    expect(stderr).toContain('timed out');
    expect(code).toBe(3);
    expect(seconds).toBeLessThan(30);
  });

  test('a port that speaks something else', async () => {
    const { code, stderr } = await asked('ssh://whole:2223');
    expect(stderr).toMatch(/whole does not tell its facts: it cannot be reached by ssh/);
    expect(code).toBe(3);
  });

  test('a host that never answers is left after a minute', async () => {
    const { code, stdout, stderr, seconds } = await hung;
    expect(stderr).toMatch(/hung did not tell its facts within 60 s/);
    expect(stdout).toBe('');
    expect(code).toBe(3);
    expect(seconds).toBeLessThan(75);
  });

  test('no ssh is left behind, whatever root’s configuration says, and nothing is kept here', async () => {
    expect((await asked('ssh://persisting')).code).toBe(0);
    expect(await hosts.clients()).toEqual([]);
    expect(() => readdirSync(file('state'))).toThrow('ENOENT');
  });
});
