import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeCli, withHost } from '../../support/cli.ts';
import { inForce } from '../../support/generate/neighbourhood.ts';
import { until } from '../../support/until.ts';

describeCli('what watch repaired', () => {
  test('is taken back by restore --undo, and stays taken back until the pause is ended', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const whole = await inForce(host);
      const watching = host.start(['watch', '--mode', 'repair']);
      const isWhole = async (): Promise<boolean> => (await inForce(host)).join() === whole.join();
      try {
        await until(async () => /^watch +runs, pid/m.test(await host.run('status')));
        await host.sh('iptables -t nat -F POSTROUTING');
        const damaged = await inForce(host);
        await until(isWhole);
        const undone = await host.run('restore --undo');
        expect(undone).toMatch(/^UNDONE/);
        expect(undone).toContain(
          'watch repairs nothing for 15 minutes. End that before: rulesguard watch --resume',
        );
        // Longer than a repair takes.
        await sleep(3_000);
        expect(await inForce(host)).toEqual(damaged);
        await host.run('watch --resume');
        // Something is seen, and so it looks again.
        await host.sh('iptables -t nat -N nudge');
        await host.sh('iptables -t nat -X nudge');
        await until(isWhole);
      } finally {
        watching.kill('SIGTERM');
        await watching;
      }
    }));
});
