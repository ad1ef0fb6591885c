import { copyFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { endingsOf, orphanChange, pendingFiles, resealed } from '../../support/pending.ts';

/** `RULESGUARD_PENDING_KILLS=200` for a campaign. */
const ROUNDS = Number(process.env['RULESGUARD_PENDING_KILLS'] ?? '9');
/** Milliseconds within which both confirming and rolling back have ended on a quiet machine. */
const SPAN = 700;

const inForce = async (host: CliHost): Promise<boolean> => (await host.rules()).includes(':done ');

/** Runs a command and kills it with all it started after so many milliseconds. Returns what it had said by then. */
async function cutOff(host: CliHost, args: readonly string[], after: number): Promise<string> {
  const child = host.start(args);
  await Promise.race([child, sleep(after)]);
  child.kill('SIGKILL');
  const { stdout, stderr } = await child;
  return `${stdout}${stderr}`;
}

describeCli('confirming and rolling back, killed at random instants', () => {
  test(
    `are never both done and never neither (${String(ROUNDS)} kills)`,
    { timeout: 900_000 + ROUNDS * 8_000 },
    () =>
      withHost(async (host) => {
        await orphanChange(host, 600, 'iptables-nft -N done');
        const [file = ''] = pendingFiles(host);
        await resealed(host, file, ({ deadline, ...rest }) => ({
          ...rest,
          deadline: Number(deadline) + 1e6,
        }));
        const kept = path.join(host.folder, 'kept');
        copyFileSync(file, kept);
        const seen = new Set<string>();
        for (let round = 0; round < ROUNDS; round++) {
          rmSync(path.join(host.stateDir, 'pending'), { recursive: true });
          await host.ns.exec('install', ['-D', '-m', '600', kept, file]);
          if (!(await inForce(host))) await host.sh('iptables -N done');
          const instant = () => Math.random() * SPAN;
          const acts = [['confirm', path.basename(file, '.json')], ['rollback']] as const;
          // One alone, the other alone, both side by side.
          const tried = acts.filter((_, index) => round % 3 === 2 || round % 3 === index);
          const said = (await Promise.all(tried.map((words) => cutOff(host, words, instant())))).join('');
          const [cut = ''] = endingsOf(host);
          seen.add(cut);
          // Whatever was killed, this ends it.
          const finished = await host.attempt(['rollback']);
          const [end] = endingsOf(host);
          const told = { round, said, cut, finished };
          expect({ ...told, end, inForce: await inForce(host) }).toEqual({
            ...told,
            end: cut === 'confirmed' ? 'confirmed' : 'rolled-back',
            inForce: cut === 'confirmed',
          });
          if (said.includes('CONFIRMED')) expect(told).toMatchObject({ cut: 'confirmed' });
          if (said.includes('ROLLED BACK  sh')) expect(told).toMatchObject({ cut: 'rolled-back' });
          if (cut === 'rolling-back') expect(finished.stdout).toContain('ROLLED BACK');
        }
        if (ROUNDS > 60)
          expect([...seen].sort()).toEqual(['confirmed', 'json', 'rolled-back', 'rolling-back']);
      }),
  );
});
