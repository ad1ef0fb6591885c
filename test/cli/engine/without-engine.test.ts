import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, filesOf, readJson, withHost, type CliHost } from '../../support/cli.ts';
import { inForce } from '../../support/generate/neighbourhood.ts';
import type { BaselineDocument, PlanDocument } from '../../support/stored.ts';
import { at, deadSocket, socketIn } from './troubles.ts';
import { oneIn } from '../../support/incident/share.ts';

const FLUSHES = ['-F', '-t nat -F', '-t raw -F', '-t mangle -F', '-X', '-t nat -X'];

/** Takes every rule of both families away, and every chain; the policies stay. */
async function flush(host: CliHost): Promise<void> {
  for (const tool of ['iptables', 'ip6tables'])
    for (const words of FLUSHES) await host.sh(`${tool} ${words}`);
}

/** What the newest baseline says hangs on containers, services or overlay networks, as `inForce` writes it. */
function passingIn(host: CliHost): readonly string[] {
  const { families } = readJson(filesOf(host, 'baselines').at(-1) ?? '') as BaselineDocument;
  return (['ipv4', 'ipv6'] as const).flatMap((family) =>
    families[family].flatMap(({ name, chains }) =>
      chains.flatMap(({ rules }) =>
        rules
          .filter(({ level = '' }) => ['endpoint', 'ingress', 'overlay'].includes(level))
          .map(({ text }) => `${family} ${name} ${text}`),
      ),
    ),
  );
}

const LEFT_OUT =
  /^left out {2}(ipv6 )?(\S+) (\S+) {2}(.*): no Engine answers to confirm that it is still valid$/;

/** The rules that were told as left out, as `inForce` writes them. */
const leftOutIn = (told: string): readonly string[] =>
  told.split('\n').flatMap((line) => {
    const [, six, table = '', chain = '', rule = ''] = LEFT_OUT.exec(line) ?? [];
    return table === '' ? [] : [`${six === undefined ? 'ipv4' : 'ipv6'} ${table} -A ${chain} ${rule}`];
  });

const hint = (rules: number) =>
  new RegExp(
    `^NOT REPAIRED {2}${String(rules)} rules of containers\\. If none was started, stopped or restarted since the baseline: rulesguard restore --assume-unchanged$`,
    'm',
  );

/** Runs `body` on a host whose every rule was recorded and then lost. */
const flushed = (body: (host: CliHost, whole: readonly string[]) => Promise<void>, recording?: string) =>
  withHost(async (host) => {
    // Without its Engine a network that does no masquerading looks like one that lost it.
    await host.run('snapshot --force');
    const whole = await inForce(host);
    await flush(host);
    await body(host, whole);
  }, recording);

describeCli('restore without an Engine', () => {
  /** How many rules hang on containers in a recording. */
  const RECORDINGS = [
    ['engine-28.5-plain', 5],
    ['engine-20.10-plain', 6],
    ['engine-28.5', 42],
    ['engine-20.10-noproxy-mesh', 39],
    ['engine-28.5-noproxy-mesh', 50],
  ] as const;

  test.each(oneIn(4, RECORDINGS))(
    '%s: daemons and networks come back, the %i rules that name containers, services and VNIs only with --assume-unchanged',
    (name, passing) =>
      flushed(async (host, whole) => {
        const theirs = passingIn(host);
        expect(theirs).toHaveLength(passing);

        const told = await host.run('restore', 1);
        expect(told).toMatch(/^REPAIRED {2}/);
        expect(leftOutIn(told).toSorted()).toEqual(theirs.toSorted());
        expect(told).toMatch(hint(passing));
        const back = await inForce(host);
        expect(back).toEqual(whole.filter((line) => !theirs.includes(line)));

        // Nothing more is done by asking again, and nothing is forgotten.
        const again = await host.run('restore', 1);
        expect(leftOutIn(again)).toEqual(leftOutIn(told));
        expect(again).toMatch(hint(passing));
        expect(again).not.toMatch(/^REPAIRED/m);
        expect(await inForce(host)).toEqual(back);
        const { findings } = JSON.parse(await host.run('check --json', 1)) as {
          findings: { kind: string; family: string; table: string; rule: string }[];
        };
        expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['missing']));
        expect(findings.map(({ family, table, rule }) => `${family} ${table} ${rule}`).toSorted()).toEqual(
          theirs.toSorted(),
        );

        expect(await host.run('restore --assume-unchanged')).toMatch(/^REPAIRED(?!.*left out)/s);
        expect(await inForce(host)).toEqual(whole);
        expect(await host.run('check')).toMatch(/^INTACT/);
      }, name),
  );

  test('with --source baseline just the same', () =>
    flushed(async (host, whole) => {
      expect(await host.run('restore --source baseline', 1)).toMatch(hint(5));
      expect(await inForce(host)).not.toContain(whole.find((line) => line.includes('--dport 8080')));
      expect(await inForce(host)).toContain(whole.find((line) => line.includes('-j MASQUERADE')));
      await host.run('restore --source baseline --assume-unchanged');
      expect(await inForce(host)).toEqual(whole);
    }));

  test.each(oneIn(3, ['restore', 'restore --assume-unchanged', 'restore --dry-run', 'check']))(
    'with --source engine there is nothing to go by: %s',
    (line) =>
      flushed(async (host) => {
        const before = await inForce(host);
        const { code, stdout, stderr } = await host.attempt([...line.split(' '), '--source', 'engine']);
        expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
        expect(stderr).toMatch(/^rulesguard: there is no Docker Engine to ask/);
        expect(await inForce(host)).toEqual(before);
      }),
  );

  test('what is shown and stored before is what is done: the ports of containers with --assume-unchanged only', () =>
    flushed(async (host) => {
      const plan = path.join(host.folder, 'reviewed.plan');
      const steps = () => JSON.stringify((readJson(plan) as PlanDocument).families);
      expect(leftOutIn(await host.run('restore --dry-run')).toSorted()).toEqual(passingIn(host).toSorted());
      expect(await host.run('restore --print')).not.toContain('172.17.0.2');
      expect((await host.run('restore --print --assume-unchanged')).match(/172\.17\.0\.2/g)).toHaveLength(5);
      await host.run(`restore --plan-out ${plan}`);
      expect(readJson(plan)).toMatchObject({ source: 'both' });
      expect(steps()).not.toContain('-j DNAT');
      await host.run(`restore --source baseline --assume-unchanged --plan-out ${plan}`);
      expect(readJson(plan)).toMatchObject({ source: 'baseline' });
      expect(steps()).toContain('-j DNAT');
    }));

  test('rules of containers that stand are left alone, and moved or taken out twice over where they must be', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const whole = await inForce(host);
      await host.sh(
        'iptables -t nat -A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80',
      );
      await host.sh('iptables -I DOCKER ! -i docker0 -o docker0 -j DROP');
      await host.sh('iptables -D DOCKER 4');
      expect(await inForce(host)).not.toEqual(whole);
      expect(await host.run('restore')).toMatch(/^REPAIRED/);
      expect(await inForce(host)).toEqual(whole);
    }));
});

describeCli('neither a baseline nor an Engine', () => {
  test.each(
    oneIn(3, ['restore', 'restore --assume-unchanged', 'restore --dry-run', 'check', 'check --json']),
  )('%s cannot tell, and says both', (line) =>
    withHost(async (host) => {
      const before = await host.rules();
      const { code, stdout, stderr } = await host.attempt(line.split(' '));
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toMatch(
        /^rulesguard: no baseline has been recorded in \S+; and there is no Docker Engine to ask: no socket at \S+,/,
      );
      expect(stderr.match(/no baseline/g)).toHaveLength(1);
      expect(await host.rules()).toBe(before);
    }),
  );

  test('with --source baseline it is the baseline that is missed', () =>
    withHost(async (host) => {
      const { code, stderr } = await host.attempt(['restore', '--source', 'baseline']);
      expect(code).toBe(3);
      expect(stderr).toMatch(/^rulesguard: no baseline has been recorded/);
      expect(stderr).not.toContain('no Docker Engine');
    }));
});

describeCli('a baseline, and a socket that nobody listens on', () => {
  const TROUBLE = /the Docker Engine is not running: nobody listens on \S+engine\.sock/g;

  test.each(oneIn(4, ['check', 'check --source baseline', 'check --json', 'check --diff', 'check --nagios']))(
    '%s: the trouble is named once, on stderr, and the rules are judged',
    (line) =>
      withHost(async (host) => {
        await host.run('snapshot');
        await deadSocket(socketIn(host));
        const env = { DOCKER_HOST: at(socketIn(host)) };
        const words = line.split(' ');
        const intact = await host.attempt(words, { env });
        expect(intact.code).toBe(0);
        expect(intact.stderr.match(TROUBLE)).toHaveLength(1);
        await host.sh('iptables -t nat -D DOCKER 2');
        const damaged = await host.attempt(words, { env });
        expect(damaged.code).toBe(line.endsWith('nagios') ? 2 : 1);
        expect(damaged.stderr.match(TROUBLE)).toHaveLength(1);
        expect(damaged.stderr).toMatch(/; rulesguard relies on the baseline alone\n/);
        expect(damaged.stdout).not.toMatch(TROUBLE);
        expect(damaged.stdout).toMatch(/8080/);
        if (line.endsWith('json'))
          expect(JSON.parse(damaged.stdout)).toMatchObject({
            engine: null,
            baseline: { id: expect.stringMatching(/^000001-/) as string },
          });
      }),
  );

  test('restore names it once too, and leaves out what no Engine confirms', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await deadSocket(socketIn(host));
      await host.sh('iptables -t nat -F');
      const { code, stdout, stderr } = await host.attempt(['restore'], {
        env: { DOCKER_HOST: at(socketIn(host)) },
      });
      expect(code).toBe(1);
      expect(stdout).toMatch(hint(2));
      expect(stderr.match(TROUBLE)).toHaveLength(1);
    }));
});
