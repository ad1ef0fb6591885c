import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordFacts } from '../../../src/app/peers/record-facts.ts';
import { writeBundle } from '../../../src/host/doctor/bundle.ts';
import { memoryDiagnosisHost } from '../../support/app/memory-diagnosis-host.ts';
import { PROGRAM } from '../../support/cli.ts';
import { runProgram } from '../../support/program.ts';

/*
 * Two hosts on a third machine: nothing of it is read but two files, or what a stand-in for ssh prints. What the real ssh and sudo say is quoted from
 * OpenSSH 9.2 and sudo 1.9.13.
 */

let folder = '';
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-peers-'));
  const facts = await recordFacts(
    memoryDiagnosisHost(),
    [],
    { host: 'alpha', program: '0.1.0' },
    () => undefined,
  );
  const text = JSON.stringify(facts);
  writeFileSync(file('here.json'), text);
  writeFileSync(
    file('there.json'),
    text.replace('"host":"alpha"', '"host":"beta"').replaceAll('"192.0.2.1"', '"192.0.2.20"'),
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** `ssh` as a shell script; it notes its arguments, one a line. */
function stubSsh(script: string): void {
  writeFileSync(file('ssh'), `#!/bin/sh\nprintf '%s\\n' "$@" >'${file('words')}'\n${script}\n`);
  chmodSync(file('ssh'), 0o755);
}

const doctor = async (...args: readonly string[]) => {
  const env = { PATH: `${folder}:/usr/bin:/bin`, NO_COLOR: '1', RULESGUARD_STATE_DIR: file('state') };
  const { code, stdout, stderr } = await runProgram([process.execPath, PROGRAM, 'doctor', ...args], env, {});
  const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();
  return { code, stdout: utf8(stdout), stderr: utf8(stderr) };
};
const asked = (peer: string, ...more: readonly string[]) =>
  doctor('web', '--to', '192.0.2.20:8080', '--here', file('here.json'), '--peer', peer, ...more);

test('two files are enough, on a machine that is neither host', async () => {
  const { code, stdout } = await asked(file('there.json'));
  expect(stdout).toMatch(/^HEALTHY {2}web on alpha → 192\.0\.2\.20:8080\/tcp on beta: /);
  expect(code).toBe(0);
});

test('bundles of both are as good as files of facts', async () => {
  for (const name of ['here', 'there']) {
    const facts = readFileSync(file(`${name}.json`), 'utf8');
    await writeBundle(file(`${name}.tar.gz`), [{ name: 'facts.json', text: facts, encoding: 'utf8' }], 1);
  }
  const bundles = [file('here.tar.gz'), file('there.tar.gz')] as const;
  const way = ['web', '--to', '192.0.2.20:8080', '--here', bundles[0], '--peer', bundles[1]];
  expect((await doctor(...way)).stdout).toMatch(/^HEALTHY {2}web on alpha /);
  expect((await doctor('--matrix', ...bundles)).stdout).toMatch(/^HEALTHY {2}2 hosts, /);
});

test('--mask hides both hosts', async () => {
  const { stdout } = await asked(file('there.json'), '--mask');
  expect(stdout).not.toMatch(/192\.0\.2|alpha|beta/);
});

describe('--html writes one page of both hosts', () => {
  const pageOf = async (...more: readonly string[]) => {
    const page = file('ticket.html');
    rmSync(page, { force: true });
    const outcome = await asked(file('there.json'), '--html', page, ...more);
    return { ...outcome, page, text: readFileSync(page, 'utf8') };
  };

  test('beside the report, for its owner alone', async () => {
    const { code, stdout, stderr, page, text } = await pageOf();
    expect(stdout).toMatch(/^HEALTHY/);
    expect(stderr).toContain(`page written to ${page}`);
    expect(statSync(page).mode & 0o777).toBe(0o600);
    expect(text).toContain('<title>HEALTHY: web on alpha → 192.0.2.20:8080/tcp on beta');
    expect(text).toContain('eth0 of beta, MTU 1500');
    expect(code).toBe(0);
  });

  test('--mask hides both hosts, and the one the page is made on', async () => {
    const { text } = await pageOf('--mask');
    expect(text).not.toMatch(/192\.0\.2|alpha|beta/);
    expect(text).not.toContain(` on ${hostname()},`);
    expect(text).toContain('HEALTHY: web on host-');
  });

  test('facts of the other side that hold markup are text', async () => {
    const evil = '<script>harm=1</script>';
    const there = readFileSync(file('there.json'), 'utf8');
    stubSsh(`cat '${file('evil.json')}'`);
    const rule = '-A FORWARD -j DOCKER-USER';
    expect(there).toContain(rule);
    writeFileSync(
      file('evil.json'),
      there.replaceAll(
        rule,
        `-A FORWARD -m comment --comment ${JSON.stringify(JSON.stringify(evil)).slice(1, -1)} -j DROP\\n${rule}`,
      ),
    );
    const page = file('evil.html');
    const { code, stderr } = await asked('ssh://host-b', '--html', page);
    expect(stderr).toContain('page written to');
    const text = readFileSync(page, 'utf8');
    expect(text).not.toContain(evil);
    expect(text).toContain('&lt;script&gt;harm=1&lt;/script&gt;');
    expect(code).toBe(1);
  });
});

test('a file cannot watch for a packet: --probe is refused, and says how to ask', async () => {
  for (const words of [
    ['web', '--to', '192.0.2.20:8080', '--peer', file('there.json'), '--probe'],
    ['web', '--to', '192.0.2.20:8080', '--here', file('here.json'), '--peer', 'ssh://host-b', '--probe'],
  ]) {
    const { code, stdout, stderr } = await doctor(...words);
    expect(stderr).toContain('a file cannot: ask here, with --peer ssh://HOST');
    expect(stdout).toBe('');
    expect(code).toBe(2);
  }
});

test('--listen needs a port to know the probe by, and an address', async () => {
  for (const words of [
    ['--listen', '0', '192.0.2.1:80'],
    ['--listen', '70000', '192.0.2.1:80'],
    ['--listen', '61000', 'web'],
    ['--listen', '61000'],
    ['--listen', 'x', '192.0.2.1:80'],
    ['--listen', '61000', '$(reboot):80'],
  ]) {
    const { code, stdout, stderr } = await doctor(...words);
    expect(stderr, words.join(' ')).toContain('--listen 61000 192.0.2.1:80/tcp');
    expect(stdout).toBe('');
    expect(code).toBe(2);
  }
});

test('a table of a fleet', async () => {
  const { code, stdout } = await doctor('--matrix', file('here.json'), file('there.json'));
  expect(stdout).toMatch(/^HEALTHY {2}2 hosts, /);
  expect(code).toBe(0);
});

describe('one host is not two', () => {
  const later = (): string => {
    const text = readFileSync(file('here.json'), 'utf8');
    writeFileSync(file('later.json'), text.replace(/"time":"[^"]*"/, '"time":"2100-01-01T00:00:00.000Z"'));
    return file('later.json');
  };

  test('a file of the asking host as the peer is refused', async () => {
    for (const peer of [file('here.json'), later()]) {
      const { code, stdout, stderr } = await asked(peer);
      expect(stderr).toContain(`${file('here.json')} and ${peer} are both facts of alpha`);
      expect(stderr).toContain('Give the facts of the other host as --peer');
      expect(stdout).toBe('');
      expect(code).toBe(2);
    }
  });

  test('in a fleet the older file is named', async () => {
    const { code, stdout, stderr } = await doctor('--matrix', later(), file('there.json'), file('here.json'));
    expect(stderr).toContain(`${file('later.json')} and ${file('here.json')} are both facts of alpha`);
    expect(stderr).toContain(`Leave out ${file('here.json')}, the older`);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

test('by ssh: keys are checked, nobody is asked, and the host is no option', async () => {
  stubSsh(`cat '${file('there.json')}'`);
  const { code, stdout } = await asked('ssh://ops@host-b:2222');
  expect(stdout).toMatch(/^HEALTHY/);
  expect(code).toBe(0);
  const words = readFileSync(file('words'), 'utf8').trimEnd().split('\n');
  expect(words).toEqual(expect.arrayContaining(['BatchMode=yes', 'StrictHostKeyChecking=yes']));
  expect(words.slice(-7, -1)).toEqual(['-l', 'ops', '-p', '2222', '--', 'host-b']);
  expect(words.at(-1)).toContain('sudo -n rulesguard doctor --facts 192.0.2.20:8080/tcp');
});

describe('what goes wrong by ssh is said, with exit 3', () => {
  const SAID: readonly (readonly [name: string, script: string, told: RegExp])[] = [
    [
      'a wrong key',
      "echo 'Host key verification failed.' >&2; exit 255",
      /host key is not the one that is known/,
    ],
    [
      'no key',
      "echo 'ops@host-b: Permission denied (publickey).' >&2; exit 255",
      /does not let this login in/,
    ],
    [
      'not reached',
      "echo 'ssh: connect to host host-b port 22: Connection refused' >&2; exit 255",
      /cannot be reached by ssh/,
    ],
    ['no leave', "echo 'sudo: a password is required' >&2; exit 1", /may not run rulesguard by sudo/],
    ['none there', "echo 'sh: 1: exec: rulesguard: not found' >&2; exit 127", /not installed there/],
    ['an older one', "echo 'rulesguard: there is no option --facts here' >&2; exit 2", /older version/],
    ['half of them', `head -c 5000 '\${there}'`, /not whole/],
    ['something else', 'echo hello', /not whole, or no JSON/],
  ];
  test.each(SAID)('%s', async (_name, script, told) => {
    stubSsh(script.replace('${there}', file('there.json')));
    const { code, stdout, stderr } = await asked('ssh://host-b');
    expect(stderr).toMatch(told);
    expect(stdout).toBe('');
    expect(code).toBe(3);
  });
});

test.each([
  'ssh://-oProxyCommand=reboot',
  'ssh://a b',
  'ssh://-l@host',
  'http://host-b',
  'ssh://host-b:99999',
])('what is no host is refused before anything runs: %s', async (peer) => {
  stubSsh('exit 0');
  rmSync(file('words'), { force: true });
  const { code } = await asked(peer);
  expect(code).toBe(2);
  expect(() => readFileSync(file('words'))).toThrow();
});
