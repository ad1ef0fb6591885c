import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { describeCli, filesOf, withHost, type CliHost } from '../../support/cli.ts';
import { TOOL_ENV } from '../../support/netns.ts';

/** Runs `body` while another process holds a lock file. */
async function whileHeld<T>(file: string, body: () => Promise<T>): Promise<T> {
  mkdirSync(path.dirname(file), { recursive: true });
  const holder = execa('flock', [file, 'cat'], { env: TOOL_ENV, stdin: 'pipe', reject: false });
  holder.stdin.write('held\n');
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  try {
    return await body();
  } finally {
    holder.stdin.end();
    await holder;
  }
}

const ownLock = (host: CliHost) => path.join(host.env['RULESGUARD_RUN_DIR'] ?? '', 'lock');

/** Runs `body` on a host that lost its NAT rules after a snapshot. */
const damaged = (body: (host: CliHost, rules: string) => Promise<void>, variant: 'nft' | 'legacy' = 'nft') =>
  withHost(
    async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      await body(host, await host.rules());
    },
    'engine-28.5-plain',
    variant,
  );

describeCli('another rulesguard at work', () => {
  test.each(['snapshot --force', 'restore', 'restore --undo', 'baseline prune'])(
    '%s: exit 4 after --wait, and nothing is changed',
    (line) =>
      damaged((host, rules) =>
        whileHeld(ownLock(host), async () => {
          const started = Date.now();
          const { code, stdout, stderr } = await host.attempt([...line.split(' '), '--wait', '1']);
          expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
          expect(Date.now() - started).toBeGreaterThan(1000);
          expect(stderr).toMatch(/another rulesguard .* 1 s; nothing was changed\n.*--wait SECONDS/);
          expect(await host.rules()).toBe(rules);
          expect(filesOf(host, 'journal')).toEqual([]);
        }),
      ),
  );

  test.each(['check', 'restore --dry-run', 'baseline list'])('%s only reads, and does not wait', (line) =>
    damaged((host) =>
      whileHeld(ownLock(host), async () => {
        expect((await host.attempt([...line.split(' '), '--wait', '0'])).code).not.toBe(4);
      }),
    ),
  );

  test('a lock that is given back in time is waited for', () =>
    damaged(async (host) => {
      const { restored } = await whileHeld(ownLock(host), async () => {
        const restoring = host.start(['restore', '--assume-unchanged']);
        await new Promise((resolve) => setTimeout(resolve, 500));
        return { restored: restoring };
      });
      expect((await restored).exitCode).toBe(0);
      await host.run('check');
    }));

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s while it waits: ends as a shell expects, having done nothing', (signal, code) =>
    damaged((host, rules) =>
      whileHeld(ownLock(host), async () => {
        const restoring = host.start(['restore', '--wait', '60']);
        await new Promise((resolve) => setTimeout(resolve, 600));
        restoring.kill(signal);
        const { exitCode, signal: by } = await restoring;
        expect(exitCode ?? (by === signal ? code : by)).toBe(code);
        expect(await host.rules()).toBe(rules);
        expect(filesOf(host, 'journal')).toEqual([]);
      }),
    ),
  );
});

describeCli(
  'the xtables lock of the legacy variant',
  () => {
    const lock = (host: CliHost) => path.join(host.folder, 'xtables.lock');

    test('held by another program: exit 4 after --wait, and nothing is changed', () =>
      damaged(async (host, rules) => {
        const env = { XTABLES_LOCKFILE: lock(host) };
        const held = () => host.attempt(['restore', '--wait', '1'], { env });
        const { code, stdout, stderr } = await whileHeld(lock(host), held);
        expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
        expect(stderr).toMatch(/xtables lock for more than 1 s.*\n.*fuser.*--wait/);
        expect(await host.rules()).toBe(rules);

        expect((await host.attempt(['restore', '--assume-unchanged'], { env })).stdout).toMatch(/^REPAIRED/);
        await host.run('check');
      }, 'legacy'));

    test('does not stop a look at the rules', () =>
      damaged(async (host) => {
        const env = { XTABLES_LOCKFILE: lock(host) };
        const looked = await whileHeld(lock(host), () => host.attempt(['check', '--wait', '1'], { env }));
        expect(looked.code).toBe(1);
      }, 'legacy'));
  },
  'legacy',
);
