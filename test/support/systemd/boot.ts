import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { removeCgroups } from '../lab/sweep.ts';
import { PROJECT } from '../cli.ts';
import { stepsIn, type Step } from '../vm/host.ts';

const HERE = import.meta.dirname;
const TOOLS = ['/lib/systemd/systemd', '/usr/bin/systemd-notify', '/usr/bin/logger', '/usr/sbin/nft'];
const PROC = 0x9fa0;
/** Where cgroups of version 2 are, also beside those of version 1. */
const CGROUPS = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((folder) =>
  existsSync(path.join(folder, 'cgroup.procs')),
);

/** Why systemd cannot be booted in namespaces here; undefined where it can. */
export function systemdUnavailable(): string | undefined {
  if (process.geteuid?.() !== 0) return 'it needs root';
  if (statfsSync('/proc').type !== PROC) return 'there is no /proc';
  if (CGROUPS === undefined) return 'there are no cgroups of version 2';
  const missing = TOOLS.find((tool) => !existsSync(tool));
  return missing === undefined ? undefined : `there is no ${missing}`;
}

/**
 * Boots this machine's systemd in namespaces of its own, on a copy of its files, and runs a script there.
 *
 * @param script - says with `step` what it does, see `init.sh`
 * @param files - that it finds beside it in /opt/test
 * @throws Error when the script did not end
 */
export async function runUnderSystemd(
  script: string,
  files: readonly string[],
  seconds: number,
): Promise<ReadonlyMap<string, Step>> {
  const folder = mkdtempSync('/var/tmp/rulesguard-systemd-');
  const name = path.basename(folder);
  const cgroup = path.join(CGROUPS ?? '', name);
  try {
    for (const file of [...files, path.join(HERE, 'init.sh')])
      copyFileSync(file, path.join(folder, path.basename(file)));
    copyFileSync(script, path.join(folder, 'steps.sh'));
    mkdirSync(cgroup);
    const isolated = ['--mount', '--net', '--pid', '--ipc', '--uts', '--cgroup'];
    const joins = 'echo $$ >"$0/cgroup.procs"; exec "$@"';
    const { stderr } = await execa(
      'sh',
      [
        ...['-c', joins, cgroup, 'setpriv', '--pdeathsig', 'KILL', 'unshare', ...isolated],
        ...['--fork', '--kill-child', '--propagation', 'private'],
        ...['bash', path.join(HERE, 'boot.sh'), folder, PROJECT],
      ],
      { reject: false, timeout: seconds * 1000, killSignal: 'SIGKILL', stdin: 'ignore' },
    );
    const results = path.join(folder, 'results');
    const steps = stepsIn(existsSync(results) ? readFileSync(results, 'latin1') : '');
    if (steps.has('end')) return steps;
    throw new Error(`no end within ${String(seconds)} s, after ${[...steps.keys()].join(', ')}: ${stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await removeCgroups(name);
  }
}
