import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROGRAM } from '../cli.ts';
import { LAB_ENV } from '../lab/run.ts';
import type { EngineHost } from './two-engines.ts';

/** Hides tcpdump from one command and its children: it is looked for beyond PATH. */
const HIDDEN =
  'for f in /usr/bin /usr/sbin; do [ ! -e $f/tcpdump ] || mount --bind /dev/null $f/tcpdump; done';

/** `ssh` on one host that leads to the other, for this machine has no second one. */
export interface SshStandIn {
  /** What doctor says on the asking host, as JSON, with the other asked by ssh. */
  consult(
    words: readonly string[],
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  /** Whether the asked host has tcpdump. */
  hideTcpdump(hidden: boolean): void;
  dispose(): void;
}

/** Lays a stand-in for ssh: it runs the last word, the remote command, in the asked host's network namespace, and passes input and output on. */
export function sshStandIn(
  { engine, host }: EngineHost,
  { engine: asked, host: there }: EngineHost,
): SshStandIn {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-ssh-'));
  const far = path.join(folder, 'far');
  mkdirSync(far);
  const script = (file: string, text: string): void => {
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
  };
  const usual = LAB_ENV['PATH'] ?? '';
  const lock = path.join(folder, 'xtables.lock');
  const env = `PATH='${far}:${asked.suitePath}:${usual}' DOCKER_HOST='${asked.dockerHost}' XTABLES_LOCKFILE='${lock}'`;
  script(
    path.join(folder, 'ssh'),
    `for word; do :; done\nexec nsenter --net='${asked.netns}' -- env ${env} sh -c "$word"`,
  );
  const hideTcpdump = (hidden: boolean): void => {
    const call = `'${process.execPath}' '${PROGRAM}' "$verb" --state-dir '${there.stateDir}' "$@"`;
    const run = hidden ? `unshare --mount sh -c '${HIDDEN}; exec "$@"' sh ${call}` : call;
    // Both hosts are of this machine's name.
    script(
      path.join(far, 'rulesguard'),
      `verb=$1; shift\ncase $* in *--facts*) ${run} | sed 's/"host":"[^"]*"/"host":"host-b"/';; *) exec ${run};; esac`,
    );
  };
  hideTcpdump(false);
  return {
    hideTcpdump,
    consult: ([verb = '', ...rest]) =>
      engine.exec(process.execPath, [PROGRAM, verb, '--state-dir', host.stateDir, ...rest], {
        env: { PATH: `${folder}:${engine.suitePath}:${usual}`, NO_COLOR: '1' },
        timeout: 120_000,
      }),
    dispose: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
