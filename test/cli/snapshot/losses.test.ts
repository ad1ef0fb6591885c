import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeCli, filesOf, withHost, type CliHost } from '../../support/cli.ts';
import { inForce } from '../../support/generate/neighbourhood.ts';
import { recording } from '../../support/recorded/recordings.ts';
import { edited } from '../../support/edited.ts';
import { oneIn } from '../../support/incident/share.ts';

const baselinesOf = (host: CliHost): readonly string[] => filesOf(host, 'baselines');

/** What was lost since the last baseline, consistent enough that the rules among themselves do not show it. */
const LOST: readonly (readonly [string, readonly string[]])[] = [
  ['a container with all its rules', ['iptables -t nat -D DOCKER 2', 'iptables -D DOCKER 2']],
  ['the policy of FORWARD', ['iptables -P FORWARD ACCEPT']],
  ['the rules of IPv6', ['ip6tables -F', 'ip6tables -X', 'ip6tables -t nat -F', 'ip6tables -t nat -X']],
  ['the table raw', ['nft delete table ip raw']],
  ['everything', ['nft flush ruleset']],
];

/** Every way to record without being told to take losses for meant. */
const WAYS: readonly (readonly string[])[] = [['snapshot'], ['snapshot', '--if-changed']];

describeCli('a loss since the newest baseline, without an Engine', () => {
  test.each(oneIn(4, LOST))(
    '%s: not recorded by any way, told by check, and back with restore',
    (_, commands) =>
      withHost(async (host) => {
        await host.run('snapshot');
        const whole = await host.rules();
        const kept = baselinesOf(host);
        for (const command of commands) await host.sh(command);
        for (const args of WAYS) {
          const { code, stdout, stderr } = await host.attempt(args);
          expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' });
          expect(stderr).toMatch(/not recorded: .*--force/s);
        }
        // A hook is never in the way of the firewall change, and says what it did not do.
        const pre = await host.attempt(['hook', 'pre']);
        expect(pre.code).toBe(0);
        expect(pre.stderr).toMatch(/^rulesguard hook pre: not recorded: .*The firewall change goes on\.$/ms);
        const ran = await host.attempt(['run', '--mode', 'repair', '--policies', '--', 'true']);
        expect(ran.stderr).toMatch(/note: not recorded before the change/);
        expect(baselinesOf(host)).toEqual(kept);

        await host.run('restore --assume-unchanged --policies');
        expect(await host.rules()).toBe(whole);
        expect(await host.run('check')).toMatch(/^INTACT/);
      }),
  );

  test('half a restored host is not recorded, and --force says of each loss that it takes it for meant', () =>
    withHost(async (host) => {
      await host.run('snapshot --force');
      await host.sh('nft flush ruleset');
      await host.run('restore', 1);
      const half = await inForce(host);
      expect((await host.attempt(['snapshot', '--if-changed'])).code).toBe(1);
      expect((await host.attempt(['hook', 'pre'])).code).toBe(0);
      expect(await host.run('check', 1)).toMatch(/^DAMAGED/);
      expect(await inForce(host)).toEqual(half);
      const forced = await host.run('snapshot --force --all');
      expect(forced).toMatch(/recorded although {2}filter FORWARD: policy: /);
      expect(forced).toMatch(/recorded although {2}nat DOCKER: missing: /);
      expect(await host.run('check')).toMatch(/^INTACT/);
      // Said once is enough.
      expect(await host.run('snapshot --if-changed')).toMatch(/^UNCHANGED/);
    }, 'engine-28.5'));

  test('a newest baseline that cannot be used does not hide what was lost since the one before', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.run('snapshot');
      const file = baselinesOf(host).at(-1) ?? '';
      writeFileSync(file, edited(readFileSync(file, 'utf8'), '172.17.0.2', '172.17.0.9'));
      await host.sh('iptables -P FORWARD ACCEPT');
      const { code, stderr } = await host.attempt(['snapshot']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/not usable.*relies on baseline 000001-.*filter FORWARD: policy: /s);
      await host.sh('iptables -P FORWARD DROP');
      expect(await host.run('snapshot')).toMatch(/^RECORDED .* 000003-/);
    }));

  test("rules that moved to the other variant are compared all the same: a lost policy is no change of Docker's", () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('nft flush ruleset');
      const { text } = recording('engine-28.5-plain');
      await host.ns.restore('ipv4', 'legacy', edited(text.ipv4, ':FORWARD DROP', ':FORWARD ACCEPT'));
      await host.ns.restore('ipv6', 'legacy', text.ipv6);
      const { code, stderr } = await host.attempt(['snapshot']);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/filter FORWARD: policy: |both variants|legacy/);
      expect(baselinesOf(host)).toHaveLength(1);
    }));
});
