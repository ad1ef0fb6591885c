import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { withNftHost } from '../../support/nftables/cli.ts';

/** This host's address, and a client that sends to its published port 5353. */
const [HOST, CLIENT] = ['10.9.0.1', '10.9.0.2'];

describeCli('clients of a published UDP port beside an Engine that writes with nftables', () => {
  test('a stuck one is counted, and let go on request; what a repair affected is let go by itself', () =>
    withNftHost('plain', async ({ host, run, nft }) => {
      await host.sh('ip link set lo up');
      await host.sh(`ip addr add ${HOST}/24 dev lo`);
      const stuck = `conntrack -I -p udp -s ${CLIENT} --sport 40001 -d ${HOST} --dport 5353 --timeout 600`;
      const entries = () => host.sh('conntrack -L -p udp -f ipv4');
      await host.sh(stuck);
      expect((await run('doctor')).said).toContain(
        '1 client of published UDP ports is still answered by docker-proxy',
      );
      const counted = await run('restore');
      expect(counted.code).toBe(0);
      expect(counted.said).toMatch(
        /1 client of published UDP ports is still answered by docker-proxy.*\n.*--drop-flows/,
      );
      expect(await entries()).toContain(CLIENT);
      expect((await run('restore --drop-flows')).said).toMatch(
        /Deleted 1 conntrack entry of \d published UDP port/,
      );
      expect(await entries()).not.toContain(CLIENT);
      await host.sh(stuck);
      await nft(['flush', 'chain', 'ip', 'docker-bridges', 'nat-prerouting-and-output']);
      expect((await run('restore')).said).toMatch(/^REPAIRED[^]*Deleted 1 conntrack entry/m);
      expect(await entries()).not.toContain(CLIENT);
    }));
});
