import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { oneIn } from '../../support/incident/share.ts';

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
  test.each(oneIn(2, ['iptables -t nat -F', 'iptables -F'], 1))(
    'is repaired all the same after %s',
    (damage) =>
      withHost(async (host) => {
        const before = await host.rules();
        await host.run('snapshot');
        await host.sh(damage);
        await besideWriter(host, () => host.run('restore --assume-unchanged'));
        expect(await host.rules()).toBe(before);
        await host.run('check');
      }),
  );

  test('gets the user’s own rules back although a chain of nat changes before each listing of nft’s', () =>
    withHost(async (host) => {
      await host.sh('iptables -A DOCKER-USER -s 203.0.113.7 -j DROP');
      await host.run('snapshot');
      await host.sh('iptables -F DOCKER-USER');
      const busy = path.join(host.folder, 'busy-nft');
      const nft = (await host.sh('which nft')).trim();
      await host.sh(`cp ${nft} ${busy}-real`);
      const lines = ['#!/bin/sh', 'iptables-nft -t nat -A OUTPUT -p tcp --dport 1 -j RETURN'];
      writeFileSync(busy, [...lines, `exec ${busy}-real "$@"`, ''].join('\n'), { mode: 0o755 });
      const through = ['unshare', '-m', 'sh', '-c', `mount --bind ${busy} ${nft}; exec "$@"`, '-'];
      const { code, stdout, stderr } = await host.attempt(['restore', '--assume-unchanged'], { through });
      expect(stderr).toContain('the rules of chain OUTPUT kept changing');
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^REPAIRED/) as string });
      expect(await host.sh('iptables -S DOCKER-USER')).toContain('-s 203.0.113.7/32 -j DROP');
    }));
});
