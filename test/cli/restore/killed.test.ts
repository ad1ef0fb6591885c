import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { dice } from '../../support/busy/dice.ts';
import { describeCli, filesOf, PROJECT, withHost, type CliHost } from '../../support/cli.ts';
import { aimAt, killOnce } from '../../support/kills/campaign.ts';
import { PHASES, type Phase } from '../../support/kills/phase.ts';
import { VARIANTS, FAMILIES } from '../../support/kernel.ts';
import { inForce } from '../../support/generate/neighbourhood.ts';

/** Kills for each variant; `RULESGUARD_KILLS=300` for a campaign, whose figures are in docs/evidence/kills.md. */
const KILLS = Number(process.env['RULESGUARD_KILLS'] ?? 4);
const SEED = 20_261_130;

/** After each kill: a campaign takes long, and one that is ended early has its figures too. */
function writeFigures(figures: { readonly variant: string } & Readonly<Record<string, unknown>>): void {
  const folder = path.join(PROJECT, 'test-results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, `kills-${figures.variant}.json`),
    `${JSON.stringify(figures, undefined, 1)}\n`,
  );
}

async function damage(host: CliHost): Promise<void> {
  for (const line of [
    'iptables -t raw -F',
    'iptables -t nat -F',
    'iptables -F',
    'iptables -X',
    'ip6tables -t nat -F',
    'ip6tables -F',
  ])
    await host.sh(line);
}

describe.each(VARIANTS)('restore with iptables-%s', (variant) => {
  describeCli(
    'killed at any moment',
    () => {
      test(
        `leaves each table whole or untouched, nothing held, and work for the next one (${String(KILLS)} times)`,
        () =>
          withHost(
            async (host) => {
              await host.run('snapshot');
              const whole = await inForce(host);
              await damage(host);
              const damaged = await inForce(host);
              const saves = await Promise.all(FAMILIES.map((family) => host.ns.save(family, variant)));
              const setting = {
                host,
                whole,
                damaged,
                damage: async () => {
                  for (const [i, family] of FAMILIES.entries())
                    await host.ns.restore(family, variant, saves[i] ?? '', []);
                },
              };
              const started = Date.now();
              await host.start(['restore', '--assume-unchanged']);
              const usual = Date.now() - started;
              expect(await inForce(host)).toEqual(whole);

              const chance = dice(SEED);
              const counts = Object.fromEntries(PHASES.map((phase) => [phase, 0])) as Record<Phase, number>;
              let kills = 0;
              for (let round = 0; kills < KILLS && round < 3 * KILLS; round++) {
                const kill = await killOnce(setting, aimAt(round, usual, chance));
                if (kill === undefined) continue;
                kills++;
                counts[kill.phase]++;
                writeFigures({ variant, kills, usual, counts });
              }
              expect(kills).toBe(KILLS);
              // Where so few hit is chance.
              if (KILLS < 100) return;
              expect(Object.values(counts).every((count) => count > 0)).toBe(true);
            },
            'engine-28.5-plain',
            variant,
          ),
        KILLS * 20_000 + 60_000,
      );
    },
    variant,
  );
});

describeCli('a restore killed once its journal had begun', () => {
  test('can be undone: what it had begun is in the journal', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await damage(host);
      const damaged = await inForce(host);
      const begun = () => filesOf(host, 'journal').some((name) => name.endsWith('.json'));
      const restoring = host.start(['restore', '--assume-unchanged']);
      while (!begun() && restoring.exitCode === null) await sleep(2);
      restoring.kill('SIGKILL');
      await restoring;
      await sleep(300);
      await host.run('restore --undo');
      expect(await inForce(host)).toEqual(damaged);
    }));
});
