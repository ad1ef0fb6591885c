import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEngine } from '../../support/incident/eras.ts';
import {
  BY_NFTABLES,
  damageBy,
  peopled,
  plainTables,
  raiseLive,
  type LiveNft,
} from '../../support/nftables/live.ts';

/** The same numbers every time. */
function diceFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return limit === 0 ? 0 : Math.floor(state / 65_536) % limit;
  };
}

const DAMAGES = Number(process.env['RULESGUARD_BUSY'] ?? 25);
/** After so many everything is left until it is quiet. */
const STRETCH = 25;

describeEngine('a live Engine that writes with nftables', '29.7', () => {
  let live: LiveNft;
  let names: readonly string[];
  beforeAll(async () => {
    live = await raiseLive(BY_NFTABLES);
    names = await peopled(live, 6);
  });
  afterAll(() => live.leave());

  test('is whole by check, doctor’s table and a baseline', async () => {
    await live.host.run(['check']);
    await live.host.run(['reach']);
    await live.host.run(['snapshot']);
    await live.host.run(['check']);
  });

  test.each([
    'flush ruleset',
    'flush chain ip docker-bridges nat-POSTROUTING',
    'delete table ip6 docker-bridges',
  ])('after "%s" our repair and Docker’s own give the same tables', async (damage) => {
    const { host, nft, tables } = live;
    const whole = plainTables(await tables());
    for (const args of [['restore'], ['restore', '--by-docker']]) {
      await nft(damage);
      await host.run(['check'], 1);
      await host.run(args);
      expect(plainTables(await tables())).toBe(whole);
    }
    expect(await live.engine.docker(['network', 'ls', '--format', '{{.Name}}'])).not.toContain('rulesguard');
  });

  test('what Docker healed by half is told, and made whole', async () => {
    const { host, nft, engine } = live;
    await nft('flush ruleset');
    await engine.docker(['run', '-d', '--name', 'late', '-p', '7070:80', 'lab']);
    expect((await host.run(['check', '--rules'], 1)).stdout).toMatch(/half-healed/);
    await host.run(['restore']);
    await host.run(['check']);
    await engine.docker(['rm', '-f', 'late']);
    await host.run(['check']);
  });

  test('random damages while containers and networks come and go: nothing lost, doubled or stale', async () => {
    const { host, nft, tables, engine } = live;
    const below = diceFrom(Number(process.env['RULESGUARD_BUSY_SEED'] ?? 1));
    for (let done = 0; done < DAMAGES; done += STRETCH) {
      const quiet = new AbortController();
      const busy = (async () => {
        for (let turn = 0; !quiet.signal.aborted; turn++) {
          const name = names[turn % names.length] ?? '';
          if (turn % 3 === 0) await engine.docker(['restart', '-t', '0', name]);
          else if (turn % 3 === 1) {
            await engine.docker(['run', '-d', '--name', 'guest', '-p', '7000:80', 'lab']);
            await engine.docker(['rm', '-f', 'guest']);
          } else {
            await engine.docker(['network', 'create', 'brief']);
            await engine.docker(['network', 'connect', 'brief', names[0] ?? '']);
            await engine.docker(['network', 'disconnect', 'brief', names[0] ?? '']);
            await engine.docker(['network', 'rm', 'brief']);
          }
        }
      })();
      for (let at = 0; at < STRETCH; at++) {
        await nft(damageBy(await tables(), below));
        await host.run(['restore', '--no-rehearse']);
      }
      quiet.abort();
      await busy;
      await host.run(['restore']);
      await host.run(['check']);
      const ours = plainTables(await tables());
      await nft('delete element ip docker-bridges nat-postrouting-out-jumps { "docker0" }');
      await host.run(['restore', '--by-docker']);
      expect(plainTables(await tables())).toBe(ours);
    }
  });
});

describeEngine('a live Engine that moves from iptables to nftables', '29.7', () => {
  let live: LiveNft;
  beforeAll(async () => {
    live = await raiseLive([]);
    for (const network of ['front', 'app']) await live.engine.docker(['network', 'create', network]);
    for (const [name, network, ...ports] of [
      ['web', 'front', '-p', '8080:80'],
      ['api', 'app', '-p', '9090:80'],
      ['db', 'app'],
    ] as const)
      await live.engine.docker(['run', '-d', '--name', name, '--network', network, ...ports, 'lab']);
  });
  afterAll(() => live.leave());

  test('migrate says that no way changes, and packets say so', async () => {
    const { engine, host, nft } = live;
    const iptables = (line: string) => engine.execInside('iptables', line.split(' '));
    const addressOf = (name: string) =>
      engine.docker(['inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', name]);
    const [web, db] = [await addressOf('web'), await addressOf('db')];
    await iptables(
      '-I DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 9090 --ctdir ORIGINAL -j DROP',
    );
    await iptables(`-I DOCKER-USER -s ${db} -d 192.0.2.0/24 -j DROP`);
    const ways = async (): Promise<Readonly<Record<string, boolean>>> => {
      const opens = (address: string, port: number) =>
        `timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/${String(port)}' 2>/dev/null`;
      const from = async (name: string, address: string): Promise<boolean> => {
        const pid = await engine.docker(['inspect', '-f', '{{.State.Pid}}', name]);
        const line = `nsenter -t ${pid} -n ${opens(address, 80)}`;
        return (await engine.execInside('sh', ['-c', line])).code === 0;
      };
      const outside = async (address: string, port: number): Promise<boolean> =>
        (await engine.client.exec('sh', ['-c', opens(address, port)])).code === 0;
      return {
        'outside → web': await outside('192.0.2.1', 8080),
        'outside → api': await outside('192.0.2.1', 9090),
        'web → outside': await from('web', '192.0.2.2'),
        'db → outside': await from('db', '192.0.2.2'),
        'web → db': await from('web', db),
        'db → web': await from('db', web),
      };
    };
    const before = await ways();
    expect(before).toMatchObject({ 'outside → web': true, 'outside → api': false, 'db → outside': false });
    expect((await host.run(['migrate'])).stdout).toMatch(/^SAFE/);
    const { stdout: table } = await host.run(['migrate', '--print']);
    await engine.daemon.stop();
    for (const tool of ['iptables', 'ip6tables'])
      for (const line of ['-F', '-t nat -F', '-t raw -F', '-P FORWARD ACCEPT'])
        await engine.execInside(tool, line.split(' '));
    expect(await nft(table)).toBe('');
    await engine.daemon.start(BY_NFTABLES);
    for (const name of ['web', 'api', 'db']) await engine.docker(['start', name]);
    expect(await ways()).toEqual(before);
    await host.run(['snapshot']);
    expect((await host.run(['check'])).stdout).toMatch(/^INTACT/);
  });
});
