import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeCli, filesOf, readJson, withHost, type CliHost } from '../support/cli.ts';
import { inForce } from '../support/neighbourhood.ts';

const ROUNDS = 30;

/** Processes that carry a mark in their environment. */
function marked(mark: string): readonly number[] {
  const carries = (pid: string): boolean => {
    try {
      return (
        readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark) &&
        readlinkSync(`/proc/${pid}/exe`) !== ''
      );
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && carries(name))
    .map(Number);
}

/**
 * The processes still there after some time; what iptables-restore had begun it ends by itself. A process in the midst of
 * exec shows no environment, so one look that finds none proves nothing.
 */
async function remaining(mark: string): Promise<readonly number[]> {
  let quiet = 0;
  for (let tries = 0; tries < 150 && quiet < 10; tries++) {
    quiet = marked(mark).length === 0 ? quiet + 1 : 0;
    await sleep(20);
  }
  return quiet < 10 ? marked(mark) : [];
}

/** What stands in one table of IPv4. */
const inTable = (lines: readonly string[], table: string) =>
  lines.filter((line) => line.startsWith(`ipv4 ${table} `));

async function damage(host: CliHost): Promise<void> {
  for (const line of [
    'iptables -t raw -F',
    'iptables -t nat -F',
    'iptables -F',
    'iptables -X',
    'ip6tables -F',
  ])
    await host.sh(line);
}

/** How long a restore takes here when nothing disturbs it, in milliseconds. */
async function duration(host: CliHost): Promise<number> {
  const started = Date.now();
  await host.start(['restore', '--unvouched']);
  return Date.now() - started;
}

describeCli('a restore killed at any moment', () => {
  test(
    `leaves each table before or after, no process, and work for the next one (${String(ROUNDS)} times)`,
    () =>
      withHost(async (host) => {
        await host.run('snapshot');
        const whole = await inForce(host);
        await damage(host);
        const damaged = await inForce(host);
        let usual = await duration(host);
        expect(await inForce(host)).toEqual(whole);

        const ends = new Set<string>();
        for (let round = 0; round < ROUNDS; round++) {
          await damage(host);
          const mark = `RULESGUARD_TEST=${randomUUID()}`;
          const restoring = host.start(['restore', '--unvouched'], {
            RULESGUARD_TEST: mark.slice('RULESGUARD_TEST='.length),
          });
          // Nearly all that can be broken happens in the second half; the first is Node starting.
          await sleep(usual * (0.3 + (0.8 * round) / ROUNDS));
          restoring.kill('SIGKILL');
          await restoring;
          expect(await remaining(mark)).toEqual([]);

          const left = await inForce(host);
          for (const table of ['raw', 'filter', 'nat'])
            expect([inTable(damaged, table), inTable(whole, table)]).toContainEqual(inTable(left, table));
          ends.add(left.join('\n'));
          // Every file of the state is whole: the next restore reads them, and none is half written.
          for (const file of filesOf(host, 'journal').filter((name) => name.endsWith('.json')))
            readJson(file);
          if (round % 5 === 0) {
            // A machine that has other work by now takes longer, and is killed later.
            usual = await duration(host);
            expect(await inForce(host)).toEqual(whole);
          }
        }
        expect(ends.size).toBeGreaterThan(1);
        await host.run('restore --unvouched');
        expect(await inForce(host)).toEqual(whole);
        await host.run('baseline verify');
      }),
    120_000,
  );

  test('can be taken back: what it had begun is in the journal', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await damage(host);
      const damaged = await inForce(host);
      const begun = () => filesOf(host, 'journal').some((name) => name.endsWith('.json'));
      const restoring = host.start(['restore', '--unvouched']);
      while (!begun() && restoring.exitCode === null) await sleep(2);
      restoring.kill('SIGKILL');
      await restoring;
      await sleep(300);
      await host.run('restore --undo');
      expect(await inForce(host)).toEqual(damaged);
    }));
});
