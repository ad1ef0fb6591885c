import { chmodSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { forgePlan, type PlanDocument } from '../../support/stored.ts';
import { edited as editedText } from '../../support/edited.ts';
import { oneIn } from '../../support/incident/share.ts';

/** A host whose NAT rules are lost, and the reviewed plan that brings them back. */
const withPlan = (body: (host: CliHost, plan: string) => Promise<void>) =>
  withHost(async (host) => {
    await host.run('snapshot');
    await host.sh('iptables -t nat -F');
    const plan = path.join(host.folder, 'reviewed.plan');
    await host.run(`restore --assume-unchanged --plan-out ${plan}`);
    await body(host, plan);
  });

type Steps = PlanDocument['families']['ipv4']['tables'][number]['steps'];

const inNat = (change: (steps: Steps) => void) => (file: string) => {
  forgePlan(file, ({ families }) => {
    for (const { steps } of families.ipv4.tables) change(steps);
  });
};

const inFilter =
  (...steps: Steps) =>
  (file: string) => {
    forgePlan(file, ({ families }) => families.ipv4.tables.unshift({ table: 'filter', steps }));
  };

const inRaw =
  (...steps: Steps) =>
  (file: string) => {
    forgePlan(file, ({ families }) => families.ipv4.tables.unshift({ table: 'raw', steps }));
  };

const rule = (text: string) => ({ text, counters: '0:0' });

const SPOILS: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  [
    'may be written by others',
    (file) => {
      chmodSync(file, 0o666);
    },
    /may be written/,
  ],
  [
    'is cut short',
    (file) => {
      truncateSync(file, 200);
    },
    /JSON|schema/,
  ],
  ['was edited', edited, /digest.*--plan-out/s],
  [
    "holds a rule that is not Docker's",
    inNat((steps) =>
      steps.push({ op: 'append', chain: 'POSTROUTING', rule: rule('-A POSTROUTING -j ACCEPT') }),
    ),
    /none of restore's.*POSTROUTING -j ACCEPT/s,
  ],
  [
    "puts one of Docker's rules where it never stood",
    inNat((steps) =>
      steps.push({ op: 'insert', chain: 'INPUT', position: 1, rule: rule('-A DOCKER -i docker0 -j RETURN') }),
    ),
    /none of restore's/,
  ],
  [
    'opens a policy',
    inFilter({ op: 'policy', chain: 'INPUT', policy: 'DROP', counters: '' }),
    /none of restore's: filter: :INPUT DROP/,
  ],
  ['makes a chain', inFilter({ op: 'create', chain: 'EVIL' }), /none of restore's/],
  ["removes a user's chain", inFilter({ op: 'remove', chain: 'MINE' }), /none of restore's/],
  [
    "deletes a user's rule from DOCKER-USER",
    inFilter({ op: 'delete', chain: 'DOCKER-USER', rule: rule('-A DOCKER-USER -s 192.0.2.1/32 -j DROP') }),
    /none of restore's/,
  ],
  [
    "deletes a rule of Docker's that closes",
    inRaw({
      op: 'delete',
      chain: 'PREROUTING',
      rule: rule('-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP'),
    }),
    /none of restore's: raw: -D PREROUTING/,
  ],
  ['leaves out a step', inNat((steps) => steps.pop()), /leaves out a step: nat: /],
  [
    'leaves out a table',
    (file) => {
      forgePlan(file, ({ families }) => families.ipv4.tables.splice(0, 1, { table: 'nat', steps: [] }));
    },
    /schema|leaves out|Nothing/,
  ],
  ['has its steps in another order', inNat((steps) => steps.reverse()), /none of restore's|leaves out/],
  ['does a step twice', inNat((steps) => steps.push(...steps.slice(-1))), /leaves out|none of restore's/],
  ['hides a line in a chain name', inFilter({ op: 'create', chain: 'X\u010a-A INPUT' }), /schema/],
];

function edited(file: string): void {
  writeFileSync(file, editedText(readFileSync(file, 'utf8'), '172.17.0.2:80', '172.17.0.9:80'));
}

describeCli('a reviewed plan', () => {
  test('does what restore would have done, once', () =>
    withHost(async (host) => {
      const whole = await host.rules();
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      const plan = path.join(host.folder, 'reviewed.plan');
      const damaged = await host.rules();
      await host.run(`restore --assume-unchanged --plan-out ${plan}`);
      expect(await host.rules()).toBe(damaged);
      expect(await host.run(`restore --plan ${plan}`)).toMatch(/^REPAIRED {2}6 steps of /);
      expect(await host.rules()).toBe(whole);

      const { code, stdout, stderr } = await host.attempt(['restore', '--plan', plan]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/changed since.*--plan-out/s);
      expect(await host.rules()).toBe(whole);
      await host.run('restore --undo');
      expect(await host.rules()).toBe(damaged);
    }));

  test('is not applied to rules that have changed since, by so much as one', () =>
    withPlan(async (host, plan) => {
      await host.sh('iptables -A INPUT -s 192.0.2.7 -j DROP');
      const changed = await host.rules();
      expect((await host.attempt(['restore', '--plan', plan])).code).toBe(1);
      expect(await host.rules()).toBe(changed);
    }));

  test('whose baseline is no longer kept is refused', () =>
    withPlan(async (host, plan) => {
      await host.run('snapshot --force --keep 1');
      const { code, stderr } = await host.attempt(['restore', '--plan', plan]);
      expect(code).toBe(3);
      expect(stderr).toMatch(/no longer kept.*--plan-out/s);
    }));

  test('of a baseline elsewhere finds that baseline', () =>
    withPlan(async (host, plan) => {
      const copy = path.join(host.folder, 'copy.json');
      await host.ns.exec('sh', [
        '-c',
        `umask 077; cp ${host.stateDir}/baselines/*.json ${copy}; rm -r ${host.stateDir}`,
      ]);
      await host.run(`restore --assume-unchanged --baseline ${copy} --plan-out ${plan}`);
      expect(await host.run(`restore --baseline ${copy} --plan ${plan}`)).toMatch(/^REPAIRED/);
      await host.run(`check --baseline ${copy}`);
    }));
});

describeCli('a plan file that root must not apply', () => {
  test.each(oneIn(6, SPOILS, 1))('%s: refused by name, and the rules stay as they are', (_, spoil, why) =>
    withHost(async (host) => {
      await host.sh('iptables -I DOCKER-USER -s 192.0.2.1 -j DROP');
      await host.sh('iptables -N MINE');
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      const plan = path.join(host.folder, 'reviewed.plan');
      await host.run(`restore --assume-unchanged --plan-out ${plan}`);
      const damaged = await host.rules();
      spoil(plan);
      const { code, stdout, stderr } = await host.attempt(['restore', '--plan', plan]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toMatch(why);
      expect(await host.rules()).toBe(damaged);
    }),
  );
});
