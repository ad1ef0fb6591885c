import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEngine } from '../../support/incident/eras.ts';
import { BY_NFTABLES, raiseLive, type LiveNft } from '../../support/nftables/live.ts';

describeEngine('tables that a live Engine leaves', '29.7', () => {
  let live: LiveNft;
  beforeAll(async () => {
    live = await raiseLive([]);
    await restart(...BY_NFTABLES);
    await live.engine.docker(['network', 'create', '--ipv6', 'front']);
    await live.engine.docker(['run', '-d', '--name', 'web', '--network', 'front', '-p', '8080:80', 'lab']);
  });
  afterAll(() => live.leave());

  const restart = async (...args: readonly string[]): Promise<readonly string[]> => {
    await live.engine.daemon.stop();
    await live.engine.daemon.start(args);
    return (await live.tables()).map(({ family }) => family);
  };

  test('IPv6 switched off: its table stays, and is told with the command that takes it out', async () => {
    expect(await restart(...BY_NFTABLES, '--ip6tables=false')).toEqual(['ipv4', 'ipv6']);
    const { stdout } = await live.host.run(['check', '--rules']);
    expect(stdout).toMatch(/^INTACT/);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('to take it out: nft delete table ip6 docker-bridges');
  });

  test('back to iptables: what stays is told there too', async () => {
    expect(await restart('--ip6tables=false')).toEqual(['ipv6']);
    const { stdout } = await live.host.attempt(['check', '--rules']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('to take it out: nft delete table ip6 docker-bridges');
    expect(await live.nft('delete table ip6 docker-bridges')).toBe('');
    expect((await live.host.run(['check', '--rules'])).stdout).not.toContain('docker-bridges');
  });
});
