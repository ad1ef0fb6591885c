import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { unpacked } from '../lab/unpacked.ts';
import { TOOL_ENV } from '../netns.ts';
import { runProgram, type ExecOptions, type Outcome } from '../program.ts';

/** Hosts that real ssh reaches, in namespaces of their own. */
export interface SshHosts {
  /** Runs a program as root on the host that asks. */
  readonly exec: (words: readonly [string, ...string[]], options?: ExecOptions) => Promise<Outcome>;
  /** The clients of ssh that run, on either side. */
  readonly clients: () => Promise<readonly string[]>;
  dispose(): Promise<void>;
}

/** Debian's OpenSSH server and sudo, unpacked; undefined where they cannot be had. */
export const sshPackages = (): Promise<string | undefined> =>
  unpacked('openssh', ['openssh-server', 'libwrap0', 'sudo']);

/**
 * Starts OpenSSH's server for hosts of a name each. `unknown` is one whose key nobody knows, `changed` one of which another key is known, and for
 * `persisting` root's configuration keeps connections open. Root may log in by key; `ops` may too, and may run rulesguard by sudo on `allowed` alone.
 *
 * @param folder - an empty one
 * @param there - the text of the program `rulesguard` on each host; undefined where there is none
 */
export async function startSshHosts(
  folder: string,
  packages: string,
  there: Readonly<Record<string, string | undefined>>,
): Promise<SshHosts> {
  chmodSync(folder, 0o755);
  for (const [name, script] of Object.entries(there)) {
    mkdirSync(path.join(folder, 'there', name), { recursive: true });
    if (script === undefined) continue;
    const program = path.join(folder, 'there', name, 'rulesguard');
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
  }
  const own = ['--net', '--mount', '--propagation', 'private', '--pid', '--fork', '--mount-proc'];
  const setup = path.join(import.meta.dirname, 'sshd.sh');
  const holder = execa('unshare', [...own, '--kill-child', setup, folder, packages, process.execPath], {
    ...{ stdin: 'pipe', env: TOOL_ENV, extendEnv: false, reject: false },
  } as const);
  const started = await Promise.race([once(holder.stdout, 'data'), holder.then(() => undefined)]);
  if (started === undefined) throw new Error(`no sshd: ${(await holder).stderr}`);
  const pid = String(holder.pid);
  const inner = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const exec: SshHosts['exec'] = (words, options = {}) =>
    runProgram(
      ['nsenter', `--target=${inner}`, '--net', '--mount', '--pid', '--', ...words],
      TOOL_ENV,
      options,
    );
  return {
    exec,
    async clients() {
      const { stdout } = await exec(['sh', '-c', 'cat /proc/[0-9]*/comm']);
      return stdout.split('\n').filter((name) => name === 'ssh');
    },
    async dispose() {
      holder.stdin.end();
      holder.kill('SIGKILL');
      await holder;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
