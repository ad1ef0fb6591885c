import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withHost } from '../../support/cli.ts';
import { until } from '../../support/until.ts';

/** Takes a jump of Docker's out for two seconds, and puts it back. */
const CHANGE = [
  'sh',
  '-c',
  'iptables-nft -D FORWARD -j DOCKER-USER; sleep 2; iptables-nft -I FORWARD -j DOCKER-USER',
];

describeCli('watch beside changes of ours', () => {
  test('what run is in the middle of is not told; the same change without run is', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const watching = host.start(['watch']);
      const events = (): string => {
        try {
          return readFileSync(path.join(host.stateDir, 'events/watch.jsonl'), 'utf8');
        } catch {
          return '';
        }
      };
      try {
        await until(() => events().includes('nftables: '));
        await host.attempt(['run', '--mode', 'report', '--', ...CHANGE]);
        expect(events()).not.toContain('"kind":"damage"');
        const [file = '', ...args] = CHANGE;
        await host.ns.exec(file, args);
        await until(() => events().includes('"kind":"ended"'));
        expect(events().match(/"kind":"damage"/g)).toHaveLength(1);
      } finally {
        watching.kill('SIGTERM');
        await watching;
      }
    }));
});
