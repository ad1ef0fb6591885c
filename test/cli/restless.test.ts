import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../support/cli.ts';

/** Runs `body` while another program replaces a rule of its own by the next one, without a pause: no two reads agree. */
async function besideWriter<T>(host: CliHost, body: () => Promise<T>): Promise<T> {
  const enough = path.join(host.folder, 'enough');
  const edit = (verb: string) => `iptables-nft -t nat ${verb} OUTPUT -p tcp --dport $port -j RETURN`;
  const turn = `was=$port; port=$((port + 1)); ${edit('-A')}; port=$was; ${edit('-D')}; port=$((port + 1))`;
  const script = `port=1000; ${edit('-A')}; until [ -e ${enough} ]; do ${turn}; done; ${edit('-D')}`;
  const writer = host.ns.exec('sh', ['-c', script]);
  try {
    return await body();
  } finally {
    writeFileSync(enough, '');
    await writer;
  }
}

describeCli('a host whose rules never stand still', () => {
  test.each(['iptables -t nat -F', 'iptables -F'])('is repaired all the same after %s', (damage) =>
    withHost(async (host) => {
      const before = await host.rules();
      await host.run('snapshot');
      await host.sh(damage);
      await besideWriter(host, () => host.run('restore --unvouched'));
      expect(await host.rules()).toBe(before);
      await host.run('check');
    }),
  );
});
