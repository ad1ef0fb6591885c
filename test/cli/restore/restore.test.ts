import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { inForce, neighboursIn, USER_RULES, withNeighbours } from '../../support/generate/neighbourhood.ts';
import { VARIANTS } from '../../support/kernel.ts';
import { oneIn } from '../../support/incident/share.ts';

/** Commands, and whether they hit nobody but Docker: then everything is as it was before. */
const DAMAGES: readonly (readonly [string, readonly string[], 'docker only' | 'others too'])[] = [
  ['nat flushed', ['iptables -t nat -F'], 'others too'],
  [
    'the MASQUERADE lost',
    ['iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'],
    'docker only',
  ],
  ['filter flushed', ['iptables -F'], 'others too'],
  ['filter flushed and its chains deleted', ['iptables -F', 'iptables -X'], 'others too'],
  ['the raw table flushed', ['iptables -t raw -F'], 'others too'],
  ['a jump lost', ['iptables -D FORWARD -j DOCKER-FORWARD'], 'docker only'],
  [
    'both jumps swapped',
    ['iptables -D FORWARD -j DOCKER-USER', 'iptables -A FORWARD -j DOCKER-USER'],
    'docker only',
  ],
  ['a jump doubled', ['iptables -I FORWARD -j DOCKER-FORWARD'], 'docker only'],
  ['chain DOCKER emptied', ['iptables -F DOCKER', 'iptables -t nat -F DOCKER'], 'docker only'],
  [
    'the drop moved up',
    [
      'iptables -D DOCKER ! -i docker0 -o docker0 -j DROP',
      'iptables -I DOCKER ! -i docker0 -o docker0 -j DROP',
    ],
    'docker only',
  ],
  ['DOCKER-USER emptied', ['iptables -F DOCKER-USER'], 'docker only'],
  ['IPv6 flushed', ['ip6tables -F', 'ip6tables -X'], 'docker only'],
];

/** What the other variant is likely to do differently. */
const FOR_LEGACY = /^nat flushed|deleted$|swapped$|doubled$/;

for (const variant of VARIANTS)
  describeCli(
    `restore · ${variant}`,
    () => {
      test.each(
        oneIn(
          4,
          DAMAGES.filter(([name]) => variant === 'nft' || FOR_LEGACY.test(name)),
        ),
      )('%s: repaired, once; and undone', (_, commands, whose) =>
        withNeighbours(async (host) => {
          const whole = await inForce(host);
          for (const command of commands) await host.sh(command);
          const damaged = await inForce(host);
          await host.run('check', 1);

          expect(await host.run('restore --assume-unchanged')).toMatch(/^REPAIRED/);
          const repaired = await inForce(host);
          if (whose === 'docker only') expect(repaired).toEqual(whole);
          expect([...repaired].sort()).toEqual(
            [...whole.filter((line) => !line.includes('mine')), ...neighboursIn(damaged)].sort(),
          );
          expect(neighboursIn(repaired)).toEqual(neighboursIn(damaged));

          expect(await host.run('restore --assume-unchanged')).toMatch(
            /^INTACT {2}nothing to do: all of Docker's rules are in place\n/,
          );
          expect(await host.run('check')).toMatch(/^INTACT/);

          expect(await host.run('restore --undo')).toMatch(/^UNDONE/);
          expect(await inForce(host)).toEqual(damaged);
        }, variant),
      );
    },
    variant,
  );

describeCli('restore', () => {
  test('brings everything back to an empty kernel, policies only on demand', () =>
    withNeighbours(async (host) => {
      const whole = (await inForce(host)).filter((line) => !line.includes('mine'));
      await host.sh('nft flush ruleset');
      expect(await host.run('restore --assume-unchanged', 1)).toMatch(
        /policy of filter FORWARD was DROP and is ACCEPT.*--policies/,
      );
      const isPolicy = (line: string) => / :FORWARD DROP$/.test(line);
      expect(await inForce(host)).toEqual(whole.filter((line) => !isPolicy(line)));
      expect(await host.run('check --json', 1)).toContain('"kind": "policy"');
      // With nothing else to do: as check says, that is no host where all is well.
      const again = await host.run('restore --assume-unchanged', 1);
      expect(again).toMatch(/^NOT REPAIRED {2}The policy of filter FORWARD was DROP and is ACCEPT/);
      expect(again).toMatch(/^Apart from that all of Docker's rules are in place\.$/m);
      expect(await host.run('restore --assume-unchanged --dry-run')).toMatch(
        /^The policy of filter FORWARD was DROP and is ACCEPT/,
      );
      expect(await host.run('restore --assume-unchanged --policies')).toMatch(/^REPAIRED/);
      expect(await inForce(host)).toEqual(whole);
      await host.run('restore --undo');
      await host.run('restore --undo');
      expect(await inForce(host)).toEqual([]);
      expect((await host.attempt(['restore', '--undo'])).code).toBe(1);
    }));

  test("leaves a user's edit of DOCKER-USER alone, also while it repairs", () =>
    withNeighbours(async (host) => {
      await host.sh(`iptables -D DOCKER-USER ${USER_RULES[0] ?? ''}`);
      await host.sh('iptables -A DOCKER-USER -s 198.51.100.3 -j DROP');
      await host.run('check');
      const edited = await inForce(host);
      await host.sh('iptables -D FORWARD -j DOCKER-USER');
      await host.run('restore --assume-unchanged');
      expect(await inForce(host)).toEqual(edited);
    }));

  test('shows what it would do, and does none of it', () =>
    withNeighbours(async (host) => {
      const whole = await inForce(host);
      await host.sh('iptables -D FORWARD -j DOCKER-FORWARD');
      await host.sh('iptables -t nat -F DOCKER');
      const damaged = await host.rules();
      const told = await host.run('restore --assume-unchanged --dry-run');
      expect(told).toMatch(
        /^ipv4 filter +1 step, together or not at all\n +insert into FORWARD at 4: -j DOCKER-FORWARD/,
      );
      const changes = told.split('\n').filter((line) => /^[+-](?![+-]{2} )/.test(line));
      expect(changes).toHaveLength(4);
      expect(changes).toContain('+-A FORWARD -j DOCKER-FORWARD');
      expect(await host.rules()).toBe(damaged);

      const input = await host.run('restore --assume-unchanged --print');
      expect(told.endsWith(input)).toBe(true);
      expect(await host.run('restore --assume-unchanged --print --family ipv6')).toBe('');
      await host.load(await host.run('restore --assume-unchanged --print --family ipv4'));
      expect(await inForce(host)).toEqual(whole);
      expect(await host.run('restore --assume-unchanged --dry-run')).toMatch(/^INTACT {2}nothing to do/);
      expect(await host.run('restore --assume-unchanged --print')).toBe('');
    }));

  test('takes back nothing that others did since', () =>
    withNeighbours(async (host) => {
      await host.sh('iptables -t nat -F');
      const damaged = await inForce(host);
      await host.run('restore --assume-unchanged');
      await host.sh('iptables -t nat -I POSTROUTING 1 -s 10.10.0.0/24 -j MASQUERADE');
      await host.sh('iptables -t nat -D DOCKER -i docker0 -j RETURN');
      await host.run('restore --undo');
      expect(await inForce(host)).toEqual([
        ...damaged.filter((line) => line.includes('ipv4') && !line.includes('ipv4 nat')),
        'ipv4 nat :DOCKER -',
        'ipv4 nat -A POSTROUTING -s 10.10.0.0/24 -j MASQUERADE',
        ...damaged.filter((line) => line.includes('ipv6')),
      ]);
    }));
});
