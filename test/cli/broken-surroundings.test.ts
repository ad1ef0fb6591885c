import { expect, test } from 'vitest';
import { describeCli, filesOf, withHost, type CliHost } from '../support/cli.ts';
import { inForce } from '../support/generate/neighbourhood.ts';
import { recording } from '../support/recorded/recordings.ts';
import { oneIn } from '../support/incident/share.ts';

/** Runs the program through a script that ends with `"$@"`, in mounts of its own. */
const through = (script: string): readonly string[] => [
  ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh'],
];

/** `$F` is a file system of 64 kB without a byte left, `$G` a folder that is gone. */
const FULL =
  'F=$(mktemp -d) && mount -t tmpfs -o size=64k none "$F" && : > "$F/log" && { cat /dev/zero > "$F/fill"; } 2>&-';
const GONE = 'G=$(mktemp -d) && cd "$G" && rmdir "$G"';

/** What is broken around the program, by the script that breaks it. */
const BROKEN: Readonly<Record<string, string>> = {
  'nobody reads what is said':
    '{ "$@" 2>&1; echo $? > "$RULESGUARD_STATE_DIR.code"; } | true; exit $(cat "$RULESGUARD_STATE_DIR.code")',
  'output and messages go to a full disk': `${FULL}; exec "$@" >> "$F/log" 2>&1`,
  'output goes to a full device': 'exec "$@" > /dev/full',
  'messages go to a full device': 'exec "$@" 2> /dev/full',
  'output and messages are closed': 'exec "$@" >&- 2>&-',
  'input, output and messages are closed': 'exec "$@" <&- >&- 2>&-',
  'the current directory is gone': `${GONE} && exec "$@"`,
  'few descriptors are allowed': 'ulimit -n 32 && exec "$@"',
  'the environment is empty':
    'exec env -i "RULESGUARD_STATE_DIR=$RULESGUARD_STATE_DIR" "RULESGUARD_RUN_DIR=$RULESGUARD_RUN_DIR" "DOCKER_HOST=$DOCKER_HOST" "$@"',
  'the time zone is none': 'TZ=:/nowhere exec "$@"',
  'nothing may be written to /tmp': 'mkdir -p /tmp && TMPDIR=/nowhere exec "$@"',
};

/** A state folder on a disk that is full, and everything of ours read-only. */
const STATE_FULL =
  'S=$RULESGUARD_STATE_DIR && cp -a "$S" "$S.copy" && mount -t tmpfs -o size=1m none "$S" && cp -a "$S.copy/." "$S" && { cat /dev/zero > "$S/fill"; } 2>&-; exec "$@"';
const READ_ONLY =
  'F=${RULESGUARD_STATE_DIR%/*} && mount --bind "$F" "$F" && mount -o remount,ro,bind "$F" && exec "$@"';

const withoutTraces = (said: string): void => {
  expect(said).not.toMatch(/^\s+at \S+.*[:(]\d+/m);
  expect(said).not.toMatch(/^rulesguard: internal error|TypeError|unhandled/im);
};

const damage = async (host: CliHost): Promise<void> => {
  await host.sh('iptables -t nat -F');
  await host.sh('iptables -F FORWARD');
};

describeCli('when everything else is broken', () => {
  test.each(oneIn(6, Object.entries(BROKEN)))('%s: the repair happens', (_, script) =>
    withHost(async (host) => {
      await host.run('snapshot');
      const whole = await inForce(host);
      await damage(host);
      const { code, stdout, stderr } = await host.attempt(['restore', '--assume-unchanged'], {
        through: through(script),
      });
      withoutTraces(stdout + stderr);
      expect({ code, inForce: await inForce(host) }).toEqual({ code: 0, inForce: whole });
    }),
  );

  test.each([
    ['full', STATE_FULL, /No space left|ENOSPC/],
    ['read-only', READ_ONLY, /EROFS/],
  ])(
    'the disk of the journal is %s: the repair happens, and it is said that no undo is kept',
    (_, script, why) =>
      withHost(async (host) => {
        await host.run('snapshot');
        const whole = await inForce(host);
        await damage(host);
        const { code, stdout, stderr } = await host.attempt(['restore', '--assume-unchanged'], {
          through: through(script),
        });
        expect({ code, inForce: await inForce(host) }).toEqual({ code: 0, inForce: whole });
        expect(stdout).toMatch(/^REPAIRED(?!.*--undo)/);
        expect(stderr).toMatch(/the journal does not record all of it/);
        expect(stderr).toMatch(why);
        withoutTraces(stderr);
        expect(filesOf(host, 'journal')).toEqual([]);
        // The hook around a firewall change repairs as well, and never fails.
        await damage(host);
        const hook = await host.attempt(['hook', 'post'], { through: through(script) });
        expect(hook.code).toBe(0);
        expect(hook.stdout).toMatch(/^REPAIRED/);
        expect((await host.attempt(['hook', 'pre'], { through: through(script) })).code).toBe(0);
      }),
  );

  /** Whatever is asked, and what it exits with on a damaged host without an Engine. */
  const ASKED: readonly (readonly [string, readonly number[]])[] = [
    ['check', [1]],
    ['check --json', [1]],
    ['restore --dry-run', [0, 3]],
    ['restore --print', [0, 3]],
    ['snapshot', [1]],
    ['hook pre', [0]],
    ['baseline list', [0, 3]],
    ['baseline show', [0, 3]],
    ['doctor --json', [0, 1, 3]],
    ['strip', [0, 3]],
    ['restore --undo', [1]],
    ['run --dry-run -- true', [0, 1, 3]],
    ['--help', [0, 3]],
    ['--version', [0, 3]],
  ];

  test.each([
    [
      'output and messages go to a full disk, the current directory is gone',
      `${GONE}; ${FULL}; exec "$@" >> "$F/log" 2>&1`,
      0,
    ],
    ['few descriptors are allowed, the current directory is gone', `${GONE}; ulimit -n 32; exec "$@"`, 1],
    ['nobody reads what is said', BROKEN['nobody reads what is said'] ?? '', 2],
  ])('%s: every command ends with a verdict, and without a stack trace', (_, script, from) =>
    withHost(async (host) => {
      await host.run('snapshot');
      await damage(host);
      const damaged = await host.rules();
      for (const [line, codes] of oneIn(3, ASKED, from)) {
        const input = line === 'strip' ? { input: recording('engine-28.5-plain').text.ipv4 } : {};
        const { code, stdout, stderr } = await host.attempt(line.split(' '), {
          through: through(script),
          ...input,
        });
        expect({ line, code }).toEqual({ line, code: codes.find((one) => one === code) ?? codes });
        withoutTraces(stdout + stderr);
      }
      expect(await host.rules()).toBe(damaged);
    }),
  );

  test('a rules file that does not fit on the disk is no success: exit 3, and why', () =>
    withHost(async (host) => {
      const rules = '-A INPUT -s 192.0.2.1/32 -j DROP\n'.repeat(4000);
      const input = `${recording('engine-28.5-plain').text.ipv4}*mangle\n:INPUT ACCEPT [0:0]\n${rules}COMMIT\n`;
      const script = 'F=$(mktemp -d) && mount -t tmpfs -o size=64k none "$F" && exec "$@" > "$F/rules.v4"';
      const { code, stderr } = await host.attempt(['strip'], { input, through: through(script) });
      expect(code).toBe(3);
      expect(stderr).toMatch(/standard output could not be written whole: .*no space left/i);
    }));
});
