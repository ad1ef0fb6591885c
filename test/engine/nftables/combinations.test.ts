import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEngine } from '../../support/incident/eras.ts';
import { BY_NFTABLES, damageBy, plainTables, raiseLive, type LiveNft } from '../../support/nftables/live.ts';
import { dice, type Dice } from '../../support/trace/dice.ts';

/** How many are tried, and from which. */
const COMBINATIONS = Number(process.env['RULESGUARD_COMBINATIONS'] ?? 6);
const FIRST = Number(process.env['RULESGUARD_COMBINATIONS_FIRST'] ?? 1);

const BRIDGE = 'com.docker.network.bridge';
/** Arguments of dockerd, one of each list or none. */
const DAEMON: readonly (readonly string[])[] = [
  ['--userland-proxy=false'],
  ['--allow-direct-routing'],
  ['--bridge-accept-fwmark=1', '--bridge-accept-fwmark=0x10/0x30'],
  ['--icc=false'],
  ['--ip6tables=false'],
  ['--ip=127.0.0.1', '--ip=192.0.2.10', '--ip=::'],
  ['--ip-masq=false'],
  [`--default-network-opt=bridge=${BRIDGE}.host_binding_ipv4=192.0.2.1`],
  [`--default-network-opt=bridge=${BRIDGE}.gateway_mode_ipv4=routed`],
];
/** Options of a network, one of each list or none. */
const NETWORK: readonly (readonly string[])[] = [
  [`${BRIDGE}.enable_icc=false`],
  [`${BRIDGE}.enable_ip_masquerade=false`],
  ['nat', 'nat-unprotected', 'routed'].map((mode) => `${BRIDGE}.gateway_mode_ipv4=${mode}`),
  ['nat', 'nat-unprotected', 'routed'].map((mode) => `${BRIDGE}.gateway_mode_ipv6=${mode}`),
  [`${BRIDGE}.host_binding_ipv4=127.0.0.1`, `${BRIDGE}.host_binding_ipv4=192.0.2.10`],
  ['com.docker.network.host_ipv4=192.0.2.10'],
  ['com.docker.network.host_ipv6=2001:db8::1'],
  [`${BRIDGE}.trusted_host_interfaces=eth0`, `${BRIDGE}.trusted_host_interfaces=tun0:eth0`],
  [`${BRIDGE}.inhibit_ipv4=true`],
];
const ADDRESSES = [
  '',
  '127.0.0.1:',
  '127.0.0.2:',
  '192.0.2.1:',
  '192.0.2.10:',
  '[::1]:',
  '[::]:',
  '0.0.0.0:',
];

const someOf = (throws: Dice, lists: readonly (readonly string[])[]): readonly string[] =>
  lists.flatMap((one) => (throws.chance(25) ? [throws.pick(one)] : []));

const networkOf = (throws: Dice, name: string): readonly string[] => {
  const ipv6 = throws.chance(50);
  return [
    ...['network', 'create', ...(ipv6 ? ['--ipv6'] : []), ...(throws.chance(25) ? ['--internal'] : [])],
    ...(ipv6 && throws.chance(30) ? ['--ipv4=false'] : []),
    ...someOf(throws, NETWORK).flatMap((option) => ['-o', option]),
    name,
  ];
};

const containerOf = (throws: Dice, at: number, networks: readonly string[]): readonly string[] => {
  const network = throws.pick(networks);
  const ports = ['80', '5353/udp', '81'].flatMap((port, i) =>
    throws.chance(50) ? ['-p', `${throws.pick(ADDRESSES)}${String(8000 + at * 10 + i)}:${port}`] : [],
  );
  const others = network === 'bridge' ? [] : networks.filter((one) => one !== 'bridge' && one !== network);
  return [
    ...['run', '-d', '--name', `c${String(at)}`, '--network', network, ...ports],
    ...(others.length > 0 && throws.chance(30) ? ['--network', throws.pick(others)] : []),
    ...(at > 0 && throws.chance(25) ? ['--link', `c${String(at - 1)}:other`, '--expose', '90'] : []),
    'lab',
  ];
};

describeEngine('options of a live Engine that writes with nftables', '29.7', () => {
  let live: LiveNft;
  beforeAll(async () => {
    live = await raiseLive(BY_NFTABLES);
  });
  afterAll(() => live.leave());

  /** An Engine without networks or containers, started anew. */
  async function startedWith(args: readonly string[]): Promise<void> {
    const { engine, nft } = live;
    const ids = await engine.docker(['ps', '-aq']);
    if (ids !== '') await engine.docker(['rm', '-f', ...ids.split('\n')]);
    await engine.docker(['network', 'prune', '-f']);
    await engine.daemon.stop();
    // What a boot does: an Engine leaves the tables of a family that it no longer writes.
    await nft('flush ruleset');
    await engine.daemon.start(args);
  }

  test.each(Array.from({ length: COMBINATIONS }, (_, i) => FIRST + i))(
    'combination %i: an untouched host is intact, and a damaged one repaired to the letter',
    async (seed) => {
      const { engine, host, nft, tables } = live;
      const throws = dice(seed);
      await startedWith(someOf(throws, DAEMON));
      // What Docker refuses is no combination.
      const made = async (args: readonly string[]): Promise<boolean> =>
        (await engine.execInside('docker', args)).code === 0;
      const networks = ['bridge'];
      for (const name of ['front', 'back', 'side'])
        if (await made(networkOf(throws, name))) networks.push(name);
      for (let at = 0; at < 4; at++)
        if (!(await made(containerOf(throws, at, networks)))) await made(['rm', '-f', `c${String(at)}`]);
      if (throws.chance(40)) await made(['restart', '-t', '0', 'c0']);
      if (throws.chance(40)) await made(['stop', '-t', '0', 'c1']);

      const whole = plainTables(await tables());
      expect((await host.run(['check', '--rules'])).stdout).toMatch(/^INTACT/);
      expect((await host.run(['restore'])).stdout).toMatch(/nothing to do/);
      const damages = [damageBy(await tables(), (limit) => throws.below(limit)), 'flush ruleset'];
      for (const damage of damages) {
        await nft(damage);
        await host.run(['restore']);
        expect(plainTables(await tables()), damage).toBe(whole);
        expect((await host.run(['check'])).stdout).toMatch(/^INTACT/);
      }
    },
  );
});
