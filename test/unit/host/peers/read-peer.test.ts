import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { readPeer as ReadPeer } from '../../../../src/host/peers/read-peer.ts';
import type { Fault } from '../../../../src/fault.ts';

/* A stand-in for ssh: what it says is quoted from OpenSSH 9.2. */

let folder = '';
let readPeer: typeof ReadPeer;
/** The class that the module throws: it is read anew too. */
let FaultOfReader: typeof Fault;
const before = process.env['PATH'];
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-peer-'));
  // Commands are looked for where the PATH says when the module is read.
  process.env['PATH'] = `${folder}:/usr/bin:/bin`;
  // Other files of this worker have read it already.
  vi.resetModules();
  ({ Fault: FaultOfReader } = await import('../../../../src/fault.ts'));
  ({ readPeer } = await import('../../../../src/host/peers/read-peer.ts'));
});
afterAll(() => {
  process.env['PATH'] = before;
  vi.resetModules();
  rmSync(folder, { recursive: true, force: true });
});

function stubSsh(script: string): void {
  writeFileSync(file('ssh'), `#!/bin/sh\nprintf '%s\\n' "$@" >'${file('words')}'\n${script}\n`);
  chmodSync(file('ssh'), 0o755);
}

const faultOf = async (where: string, named?: string): Promise<Fault> =>
  readPeer(where, named).then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => {
      if (error instanceof FaultOfReader) return error;
      throw error;
    },
  );

test('a host of which no key is known is not told as one whose key has changed', async () => {
  stubSsh(
    "echo 'No ED25519 host key is known for host-b and you have requested strict checking.' >&2; echo 'Host key verification failed.' >&2; exit 255",
  );
  const { code, message, hint } = await faultOf('ssh://host-b');
  expect(code).toBe('RG_PEER');
  expect(message).toContain('its host key is not known to this login yet');
  expect(hint).toContain('once by hand');
  expect(hint).not.toContain('ssh-keygen -R');
});

test('one whose key has changed is', async () => {
  stubSsh("echo 'REMOTE HOST IDENTIFICATION HAS CHANGED! Host key verification failed.' >&2; exit 255");
  expect((await faultOf('ssh://host-b')).hint).toContain('ssh-keygen -R');
});

test('what is asked is in the command that brings a file instead', async () => {
  stubSsh("echo 'ssh: connect to host host-b port 22: Connection refused' >&2; exit 255");
  const { hint } = await faultOf('ssh://host-b', '192.0.2.20:8080/tcp');
  expect(hint).toContain('doctor --facts 192.0.2.20:8080/tcp > facts.json');
});

test.each([
  ['web-1_a.b', 'doctor --facts web-1_a.b;'],
  ['--peer', 'doctor --facts;'],
  ['$(reboot)', 'doctor --facts;'],
])('a container is read in depth there, and what is no name is left out: %s', async (named, told) => {
  stubSsh('exit 1');
  await faultOf('ssh://host-b', named);
  const words = readFileSync(file('words'), 'utf8');
  expect(words).toContain(told);
  expect(words).not.toContain('reboot');
});

test.each(['host-b', 'root@host-b', 'host-b:2222'])(
  'a host without its scheme is no file: %s',
  async (where) => {
    const { code, hint } = await faultOf(where);
    expect(code).toBe('RG_REFUSED_INPUT');
    expect(hint).toContain(`For ssh: --peer ssh://${where}`);
  },
);

test('a path is not taken for a host', async () => {
  expect((await faultOf('./facts/host-b.json')).hint).not.toContain('ssh://');
});
