import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { confirming, describeCli, PROGRAM, withHost, type CliHost } from '../../support/cli.ts';
import { endingsOf, idOf, pendingFiles } from '../../support/pending.ts';
import { until } from '../../support/until.ts';

const inForce = async (host: CliHost): Promise<boolean> => (await host.rules()).includes(':done ');

/** Answers a change at a terminal of its own once it asks. Returns its exit code and all it said. */
async function atTerminal(host: CliHost, answer: string): Promise<{ code: number | null; said: string }> {
  const words = confirming(120, 'iptables-nft', '-N', 'done').map((word) => `'${word}'`);
  const line = `${process.execPath} ${PROGRAM} ${words.join(' ')}`;
  const args = [`--net=${host.ns.path}`, '--', 'script', '-qec', line, '/dev/null'];
  const child = spawn('nsenter', args, { env: host.env, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString('latin1')));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await until(() => said.includes('Keep this change'));
  child.stdin.write(answer);
  const code = await ended;
  return { code, said };
}

describeCli('an answer at the prompt', () => {
  test.each([
    ['n and Enter', 'n\n', 1],
    ['no and Enter', 'no\n', 1],
    ['Ctrl-C', '\u0003', 130],
  ])('%s rolls everything back at once', (_, typed, exit) =>
    withHost(async (host) => {
      const { code, said } = await atTerminal(host, typed);
      expect({ code, said }).toEqual({ code: exit, said: expect.stringContaining('ROLLED BACK') as string });
      expect(await inForce(host)).toBe(false);
      expect(endingsOf(host)).toEqual(['rolled-back']);
    }),
  );

  test('anything else is asked again, and y confirms', () =>
    withHost(async (host) => {
      const { code, said } = await atTerminal(host, 'what\ny\n');
      expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('CONFIRMED') as string });
      expect(said).toContain('y keeps the change, n rolls everything back');
      expect(await inForce(host)).toBe(true);
    }));

  test('SIGINT without a terminal rolls back too; SIGTERM leaves it to the timer, and says until when', () =>
    withHost(async (host) => {
      // The signal has to come before the time is up, also on a machine that is busy; what is left to the timer is waited for.
      for (const [signal, seconds, exitCode, says] of [
        ['SIGINT', 120, 130, 'ROLLED BACK'],
        ['SIGTERM', 10, 143, 'NOT CONFIRMED YET  rolled back at 2'],
      ] as const) {
        const running = host.start(confirming(seconds, 'iptables-nft', '-N', 'done'));
        let said = '';
        running.stderr.on('data', (data: Buffer) => (said += data.toString()));
        await until(() => said.includes('Keep this change'));
        running.kill(signal);
        const ended = await running;
        expect(ended).toMatchObject({ exitCode, stderr: expect.stringContaining(says) as string });
        await until(async () => !(await inForce(host)));
        await until(() => pendingFiles(host).length === 0);
      }
    }));
});

/** Whether the kernel lets this process be of anybody's login. Where somebody has logged in, it need not. */
const isUnset = readFileSync('/proc/self/loginuid', 'latin1').trim() === '4294967295';
/** Words that run a program as another's login: the kernel's word where it takes one, else sudo's. */
const loggedInAs = (uid: number): readonly string[] => [
  ...['setsid', '--wait', 'sh', '-c'],
  `{ echo ${String(uid)} >/proc/self/loginuid; } 2>/dev/null || export SUDO_UID=${String(uid)}; exec "$@"`,
  'login',
];

describeCli('confirming without an id', () => {
  test.skipIf(!isUnset)(
    'only the login that started a change does it; another sees whose it is, and its id',
    () =>
      withHost(async (host) => {
        const start = (uid: number) =>
          host.attempt(confirming(600, 'iptables-nft', '-N', 'done'), { through: loggedInAs(uid) });
        const running = start(1001);
        await until(() => inForce(host));
        const id = idOf(host);
        for (const uid of [1002, 0]) {
          const other = await host.attempt(['confirm'], { through: loggedInAs(uid) });
          expect(other.code).toBe(1);
          expect(other.stderr).toContain('started by another login');
          expect(other.stderr).toContain(`${id}  iptables-nft -N done  (by `);
          expect(other.stderr).toContain(`rulesguard confirm ${id}`);
        }
        // A second connection of the same user, who cannot reach the first.
        const same = await host.attempt(['confirm'], { through: loggedInAs(1001) });
        expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('CONFIRMED') as string });
        expect((await running).code).toBe(0);
        expect(await inForce(host)).toBe(true);
      }),
  );

  test('another login confirms by the id, and a wrong one confirms nothing', () =>
    withHost(async (host) => {
      const running = host.attempt(confirming(600, 'iptables-nft', '-N', 'done'), {
        through: ['setsid', '--wait'],
      });
      await until(() => inForce(host));
      const wrong = await host.attempt(['confirm', '000009-20260101T000000Z']);
      expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining(idOf(host)) as string });
      expect(await host.run(`confirm ${idOf(host)}`)).toContain('CONFIRMED');
      expect((await running).code).toBe(0);
      const again = await host.attempt(['confirm', idOf(host)]);
      expect(again).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('confirmed already') as string,
      });
    }));
});
