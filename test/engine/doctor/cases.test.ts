import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHost, told, type Host } from '../../support/host.ts';
import { describeEngines } from '../../support/incident/eras.ts';
import { shareOf } from '../../support/incident/share.ts';
import { keepAsking } from '../../support/incident/talker.ts';
import { addressOf } from '../../support/incident/traffic.ts';
import { container, network } from '../../support/lab/build.ts';
import { IMAGE, startEngine, type Engine } from '../../support/lab/engine.ts';
import { httpProbe, udpProbe } from '../../support/lab/probe.ts';
import { must } from '../../support/lab/run.ts';
import { CLIENT, HOST } from '../../support/lab/wire.ts';
import { typistOf } from '../../support/lab/typist.ts';
import { until } from '../../support/until.ts';

/** One machine, in the words of a situation: what is typed there, what doctor says, whether packets arrive. */
interface Machine {
  readonly engine: Engine;
  readonly host: Host;
  readonly web: string;
  /** Types a command as root. @throws Error unless it exits 0 */
  readonly type: (command: string) => Promise<string>;
}

interface Situation {
  readonly name: string;
  readonly holds: (machine: Machine) => Promise<void>;
}

/** What the client has at the other end of a second uplink. */
const SECOND = { host: '198.51.100.1', client: '198.51.100.2' } as const;
const GATEWAY = '172.17.0.1';

/** The commands of a report on a screen: they stand on lines of their own, indented, behind their remedy. */
const commandsIn = (screen: string, start: RegExp): readonly string[] =>
  screen.split('\n').flatMap((line) => {
    const command = line.trim();
    return line.startsWith('     ') && start.test(command) ? [command] : [];
  });

/** The one command offered. */
function offered(screen: string, start: RegExp): string {
  const [command, ...more] = commandsIn(screen, start);
  if (command === undefined || more.length > 0)
    throw new Error(`not one command of ${String(start)}:\n${screen}`);
  return command;
}

const quick = { seconds: 1 } as const;

const SECOND_UPLINK: Situation = {
  name: "a user's rule closes a second uplink: closed as seen through it, and the command offered opens that port alone",
  async holds({ engine, host, web, type }) {
    const { client } = engine;
    const wire = `ip link add eth1 type veth peer name eth1 netns ${client.netns} && ip addr add ${SECOND.host}/24 dev eth1 && ip link set eth1 up`;
    await type(wire);
    await must(client.exec, 'ip', ['addr', 'add', `${SECOND.client}/24`, 'dev', 'eth1']);
    await must(client.exec, 'ip', ['link', 'set', 'eth1', 'up']);
    expect(await httpProbe(engine, SECOND.host, 8080)).toBe(SECOND.client);
    await type('iptables -I DOCKER-USER -i eth1 -j DROP');
    expect(await httpProbe(engine, SECOND.host, 8080, quick)).toBeUndefined();

    const { stdout } = await host.run(['doctor', `${SECOND.host}:8080`], 1);
    expect(stdout).toContain('closed by a rule in filter DOCKER-USER');
    expect(stdout).toContain('-A DOCKER-USER -i eth1 -j DROP');
    expect(stdout).not.toContain(' -D ');
    const command = offered(stdout, /^iptables /);
    expect(command).toContain(`-I DOCKER-USER -d ${web} -i eth1`);
    await type(command);
    expect(await httpProbe(engine, SECOND.host, 8080)).toBe(SECOND.client);
    expect(await udpProbe(engine, SECOND.host, 5353, quick)).toBeUndefined();
    await host.run(['doctor', `${SECOND.host}:8080`]);
    await type(command.replace(' -I ', ' -D '));
    await type('iptables -D DOCKER-USER -i eth1 -j DROP; ip link del eth1');
  },
};

const HOST_SERVICES: Situation = {
  name: "INPUT's policy keeps containers from the name server and another port of the host: the default run tells of both",
  async holds({ engine, host, type }) {
    await must(engine.execInside, 'sh', [
      '-c',
      'setsid perl /lab/echo.pl serve 53/udp 7000/tcp >/dev/null 2>&1 &',
    ]);
    await container(engine, 'asker', ['--dns', GATEWAY]);
    const from = { from: { container: 'asker' } };
    const resolves = () => udpProbe(engine, GATEWAY, 53, { ...from, ...quick });
    const asks = () => httpProbe(engine, GATEWAY, 7000, { ...from, ...quick });
    const before = await Promise.all([resolves(), asks()]);
    expect(before).not.toContain(undefined);
    await type(
      'iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; iptables -P INPUT DROP',
    );
    expect(await Promise.all([resolves(), asks()])).toEqual([undefined, undefined]);

    const { stdout } = await host.run(['doctor'], 1);
    expect(stdout).toMatch(
      /the policy of filter INPUT drops packets: no rule lets asker \S+ its name server/,
    );
    expect(stdout).toMatch(/warning +the policy of filter INPUT closes ports of this host to its/);
    await type(offered(stdout, /^iptables /));
    expect(await Promise.all([resolves(), asks()])).toEqual([before[0], undefined]);
    expect((await host.run(['doctor'])).stdout).toMatch(/^HEALTHY.*closes ports of this host to its/s);

    const port = await host.run(['doctor', 'asker', '--to', `${GATEWAY}:7000`], 1);
    await type(offered(port.stdout, /^iptables /));
    expect(await Promise.all([resolves(), asks()])).toEqual(before);
    await type('iptables -P INPUT ACCEPT; iptables -F INPUT');
    await engine.docker(['rm', '-f', 'asker']);
  },
};

const SWARM: Situation = {
  name: "a swarm's published port: the interfaces of its ingress sandbox are Docker's own",
  async holds({ engine, host, type }) {
    await engine.docker(['swarm', 'init', '--advertise-addr', HOST.ipv4]);
    const service = [
      'service',
      'create',
      '--detach',
      '--no-resolve-image',
      '--name',
      'shop',
      '-p',
      '9000:80',
    ];
    await engine.docker([...service, IMAGE, '80/tcp']);
    const label = 'label=com.docker.swarm.service.name=shop';
    await until(async () => (await engine.docker(['ps', '-q', '--filter', label])) !== '');
    // The sandbox's end and the task's: neither is any container's of `docker network inspect`.
    expect((await type('ip -o link show master docker_gwbridge')).split('\n').length).toBeGreaterThan(2);

    const all = (await host.run(['doctor', '--verbose'])).stdout;
    expect(all).toMatch(/^HEALTHY/);
    expect(all).toContain('docker_gwbridge');
    expect(all).not.toContain('ip link delete');
    await host.run(['check']);
    await engine.docker(['swarm', 'leave', '--force']);
  },
};

const STUCK: Situation = {
  name: 'a UDP client that never paused is stuck on docker-proxy after somebody put the rules back: told, and freed on request',
  async holds({ engine, host, type }) {
    const client = keepAsking(engine, { host: HOST.ipv4, port: 5353, fromPort: 42_000 });
    const saved = path.join(host.stateDir, '../saved');
    await client.answers(1);
    await type(
      `iptables-save >'${saved}' && iptables -t nat -F && conntrack -D -p udp --dport 5353 2>/dev/null`,
    );
    await client.answers(3);
    await type(`iptables-restore <'${saved}'`);
    await client.answers(3);

    for (const args of [['doctor'], ['doctor', ':5353/udp']]) {
      const { stdout } = await host.run(args);
      expect(stdout).toContain('1 client of published UDP ports is still answered by docker-proxy');
      expect(offered(stdout, /^rulesguard /)).toBe('rulesguard restore --drop-flows');
    }
    await type('rulesguard restore --drop-flows');
    await client.answers(3);
    expect((await host.run(['doctor'])).stdout).not.toContain('docker-proxy');
    const seen = await client.stop();
    expect(seen.filter((one, i) => one !== seen[i - 1])).toEqual([CLIENT.ipv4, GATEWAY, CLIENT.ipv4]);
  },
};

const NO_PROXY: Situation = {
  name: "without docker-proxy a container of another network asks a port by the host's address: joining the network helps",
  async holds({ engine, host, web }) {
    await engine.daemon.stop();
    await engine.daemon.start(['--userland-proxy=false']);
    await engine.docker(['start', 'web', 'far']);
    const from = { from: { container: 'far' } };
    expect(await httpProbe(engine, HOST.ipv4, 8080)).toBe(CLIENT.ipv4);
    expect(await httpProbe(engine, HOST.ipv4, 8080, { ...from, ...quick })).toBeUndefined();
    expect(await httpProbe(engine, web, 80, { ...from, ...quick })).toBeUndefined();

    const asked = ['doctor', `${HOST.ipv4}:8080`, '--from', 'far'];
    const { stdout } = await host.run(asked, 1);
    expect(stdout).toContain('far and web share no network');
    expect(stdout).not.toContain('publish the port');
    const command = offered(stdout, /^docker /);
    expect(command).toBe('docker network connect bridge far');
    await engine.docker(command.split(' ').slice(1));
    expect(await httpProbe(engine, web, 80, from)).toBeDefined();
    // By the host's address it asks by the network of its default route, which the Engine may leave as it was.
    const isThrough = (await httpProbe(engine, HOST.ipv4, 8080, { ...from, ...quick })) !== undefined;
    const after = (await host.run(asked, isThrough ? 0 : 1)).stdout;
    if (!isThrough) expect(after).toContain(`ask web on bridge, where both are: ${web}`);
  },
};

// The last restarts dockerd.
const SITUATIONS = [SECOND_UPLINK, HOST_SERVICES, STUCK, SWARM, NO_PROXY];

describeEngines('situations from the field, by what was typed and by packets', (era) => {
  let machine: Machine | undefined;

  beforeAll(async () => {
    const engine = await startEngine({ era });
    const host = createHost(engine);
    const typist = typistOf(engine, host);
    const type = async (command: string): Promise<string> => {
      const outcome = await typist(command);
      if (outcome.code !== 0) throw new Error(told([command], outcome));
      return outcome.stdout;
    };
    machine = { engine, host, web: '', type };
    await container(engine, 'web', ['-p', '8080:80', '-p', '5353:5353/udp']);
    await network(engine, 'other');
    await container(engine, 'far', ['--network', 'other']);
    machine = { ...machine, web: await addressOf(engine, 'web') };
  });
  afterAll(async () => {
    machine?.host.dispose();
    await machine?.engine.stop();
  });

  test.for(shareOf(era, SITUATIONS))('$name', async ({ holds }) => {
    if (machine === undefined) throw new Error('no machine');
    await holds(machine);
  });
});
