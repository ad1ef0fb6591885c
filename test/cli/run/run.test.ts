import { once } from 'node:events';
import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { oneIn } from '../../support/incident/share.ts';

/** `rulesguard run OPTIONS -- sh -c SCRIPT`. */
const script = (host: CliHost, text: string, options = '--mode report', input?: string) =>
  host.attempt(['run', ...options.split(' '), '--', 'sh', '-c', text], input === undefined ? {} : { input });

const SAFE = 'iptables -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT';

describeCli('run: the command itself', () => {
  test('its output, its exit code and its input are its own', () =>
    withHost(async (host) => {
      expect(await script(host, 'cat; echo out; echo err >&2; exit 7', '--mode report', 'in\n')).toEqual({
        code: 7,
        stdout: 'in\nout\n',
        stderr: 'err\n',
      });
    }));

  test('a signal reaches it, and what it makes of that counts', () =>
    withHost(async (host) => {
      const text = 'trap "echo caught; exit 9" TERM; echo ready; while :; do sleep 0.05; done';
      const started = host.start(['run', '--mode', 'report', '--', 'sh', '-c', text]);
      await once(started.stdout, 'data');
      started.kill('SIGTERM');
      expect(await started).toMatchObject({ exitCode: 9, stdout: 'ready\ncaught' });
    }));

  test('killed by a signal: 128 and its number, as a shell has it', () =>
    withHost(async (host) => {
      expect((await script(host, 'kill -9 $$')).code).toBe(137);
    }));

  test('no such command: exit 2, and what to do for a shell line', () =>
    withHost(async (host) => {
      const { code, stderr } = await host.attempt(['run', '--', 'iptables -F; iptables -X']);
      expect(code).toBe(2);
      expect(stderr).toContain("rulesguard run -- sh -c 'iptables -F; iptables -X'");
    }));

  test('without two dashes: exit 2, and how to type it', () =>
    withHost(async (host) => {
      const { code, stderr } = await host.attempt(['run', 'iptables', '-F']);
      expect(code).toBe(2);
      expect(stderr).toContain('rulesguard run -- COMMAND');
    }));
});

describeCli('run --mode refuse', () => {
  test.each(oneIn(2, ['iptables -t nat -F', 'iptables -F', 'iptables -P FORWARD ACCEPT', 'ip6tables -F']))(
    '%s is refused with what it would break, and nothing changes',
    (line) =>
      withHost(async (host) => {
        const before = await host.rules();
        const { code, stdout, stderr } = await host.attempt(['run', '--', ...line.split(' ')]);
        expect(code).toBe(1);
        expect(stdout).toBe('');
        expect(stderr).toMatch(/^WOULD BREAK .*Docker's rules/m);
        const option = line.includes(' -P ') ? ' --policies' : '';
        expect(stderr).toContain(`rulesguard run --mode repair${option} -- ${line}`);
        expect(await host.rules()).toBe(before);
      }),
  );

  test('a script that does it among other things is refused too, and leaves no file', () =>
    withHost(async (host) => {
      const before = await host.rules();
      const text = `iptables -N mine; echo x >${host.folder}/trace; iptables -t nat -F POSTROUTING`;
      const { code, stderr } = await script(host, text, '--mode refuse');
      expect(code).toBe(1);
      expect(stderr).toContain('nat POSTROUTING');
      expect(await host.rules()).toBe(before);
      await expect(host.sh(`test -e ${host.folder}/trace`)).rejects.toThrow();
    }));

  test('what does no harm is run', () =>
    withHost(async (host) => {
      expect(await host.attempt(['run', '--', ...SAFE.split(' ')])).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      });
      expect(await host.rules()).toContain(SAFE.replace('iptables ', ''));
    }));

  test('without an Engine a rule that takes every packet before Docker’s is refused; of one that takes some nobody can tell', () =>
    withHost(async (host) => {
      const all = await host.attempt(['run', '--', 'iptables', '-I', 'FORWARD', '-j', 'DROP']);
      expect(all.code).toBe(1);
      expect(all.stderr).toContain('What takes it back: iptables -D FORWARD -j DROP');
      const some = await host.attempt([
        'run',
        '-n',
        '--',
        'iptables',
        '-I',
        'FORWARD',
        '-s',
        '203.0.113.7',
        '-j',
        'DROP',
      ]);
      expect(some.code).toBe(3);
      expect(some.stderr).toContain('no Engine says who should reach what');
      expect(some.stderr).toContain('-A FORWARD -s 203.0.113.7/32 -j DROP');
    }));

  test('what nobody can tell is not run: exit 3', () =>
    withHost(async (host) => {
      const before = await host.rules();
      const { code, stderr } = await script(host, 'sleep 20; iptables -F', '--mode refuse --seconds 1');
      expect(code).toBe(3);
      expect(stderr).toMatch(/cannot predict .* 1 s/);
      expect(await host.rules()).toBe(before);
    }));

  test('what asks a question is not run, unless the answer comes with it', () =>
    withHost(async (host) => {
      const text = 'printf "Proceed (y|n)? "; read answer; [ "$answer" = y ] && iptables -t nat -F; exit 0';
      const before = await host.rules();
      // A pipe that stays open and silent, as ssh's.
      const asked = host.start(['run', '--', 'sh', '-c', text], {}, 'pipe');
      const { exitCode, stderr } = await asked;
      expect(exitCode).toBe(3);
      expect(stderr).toContain('it asks for input');
      expect((await script(host, text, '--mode refuse', 'y\n')).code).toBe(1);
      expect(await host.rules()).toBe(before);
      expect((await script(host, text, '--mode refuse', 'n\n')).code).toBe(0);
    }));

  test('rules on standard input are rehearsed with the same rules', () =>
    withHost(async (host) => {
      const before = await host.rules();
      const words = ['run', '--', 'iptables-restore'];
      expect((await host.attempt(words, { input: '*nat\nCOMMIT\n' })).code).toBe(1);
      expect(await host.rules()).toBe(before);
      const mine = '*filter\n-A INPUT -s 203.0.113.9/32 -j DROP\nCOMMIT\n';
      expect((await host.attempt([...words, '--noflush'], { input: mine })).code).toBe(0);
      expect(await host.rules()).toContain('203.0.113.9');
    }));
});

describeCli('run --mode repair', () => {
  test.each(oneIn(2, ['iptables -t nat -F', 'iptables -F; iptables -X', 'ip6tables -F; iptables -t raw -F']))(
    '%s: run, and mended in the same breath, without a baseline or an Engine',
    (text) =>
      withHost(async (host) => {
        const before = await host.rules();
        const { code, stdout, stderr } = await script(host, `${text}; echo done`, '--mode repair');
        expect({ code, stdout }).toEqual({ code: 0, stdout: 'done\n' });
        expect(stderr).toContain('REPAIRED');
        expect(await host.rules()).toBe(before);
      }),
  );

  test('the change itself stays, and what is sound is left alone without a word of ours', () =>
    withHost(async (host) => {
      const { code, stdout, stderr } = await script(host, `${SAFE}; exit 4`, '--mode repair');
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr).toMatch(/^note: there is no Docker Engine to ask: .*\n$/);
      expect(await host.rules()).toContain(SAFE.replace('iptables ', ''));
    }));

  test('damage from before is said, and not recorded as if it were sound', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F PREROUTING');
      const { code, stderr } = await script(host, 'true', '--mode repair');
      expect(stderr).toContain('not recorded before the change');
      expect(code).toBe(0);
      await host.run('check');
    }));

  test('a policy is set back when asked', () =>
    withHost(async (host) => {
      const before = await host.rules();
      const text = 'iptables -P FORWARD ACCEPT';
      expect((await script(host, text, '--mode repair')).code).toBe(1);
      await host.sh('iptables -P FORWARD DROP');
      expect((await script(host, text, '--mode repair --policies')).code).toBe(0);
      expect(await host.rules()).toBe(before);
    }));
});

describeCli('what is written to the other variant', () => {
  test('is in force as well: refused, and told when it was done all the same', () =>
    withHost(async (host) => {
      const closed = ['--', 'iptables-legacy', '-P', 'FORWARD', 'DROP'];
      const refused = await host.attempt(['run', ...closed]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('in iptables-legacy, which is in force as well');
      for (const mode of ['repair', 'report']) {
        const { code, stderr } = await host.attempt(['run', '--mode', mode, ...closed]);
        expect(code).toBe(1);
        expect(stderr).toContain('-P FORWARD DROP');
        await host.sh('iptables-legacy -P FORWARD ACCEPT');
      }
    }));
});

describeCli('run --mode report', () => {
  test('runs it, and says on stderr what it broke; exit 1 though the command was content', () =>
    withHost(async (host) => {
      const { code, stdout, stderr } = await script(host, 'iptables -t nat -F; echo done');
      expect({ code, stdout }).toEqual({ code: 1, stdout: 'done\n' });
      expect(stderr).toMatch(/DAMAGED .*in Docker's rules/);
      expect(stderr).toContain('rulesguard restore');
    }));
});

describeCli(
  'run on the legacy variant',
  () => {
    test('is guarded as well', () =>
      withHost(
        async (host) => {
          const { code } = await host.attempt(['run', '--', 'iptables-legacy', '-t', 'nat', '-F']);
          expect(code).toBe(1);
        },
        'engine-28.5-legacy',
        'legacy',
      ));
  },
  'legacy',
);
