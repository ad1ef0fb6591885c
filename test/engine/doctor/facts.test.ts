import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ContainerFacts, Facts, Inside } from '../../../src/doctor/facts/facts.ts';
import { describeEngines } from '../../support/incident/eras.ts';
import { container, network, publish, six } from '../../support/lab/build.ts';
import { IMAGE, startEngine, type Engine } from '../../support/lab/engine.ts';
import { ERAS } from '../../support/lab/eras.ts';
import { must } from '../../support/lab/run.ts';
import { HOST } from '../../support/lab/wire.ts';

const PRINT = path.resolve(import.meta.dirname, '../../support/doctor/samples/print-facts.ts');

/** Facts as another process prints them: maps have become objects. */
type Printed = Omit<Facts, 'netState'> & {
  readonly netState: Omit<Facts['netState'], 'sysctls' | 'sets'> & {
    readonly sysctls: Readonly<Record<string, string>>;
    readonly sets: object | undefined;
  };
};

describeEngines('the facts of a diagnosis', (era) => {
  let engine: Engine;
  let facts: Printed;

  const gather = async (name = '', env: Record<string, string> = {}): Promise<Printed> => {
    const words = ['--import', 'tsx', PRINT, name];
    const text = await must(engine.exec, process.execPath, words, { env });
    return (JSON.parse(text) as { readonly facts: Printed }).facts;
  };
  const one = (name: string, among = facts): ContainerFacts => {
    const found = among.containers.find((other) => other.name === name);
    if (found === undefined) throw new Error(`no container ${name}`);
    return found;
  };
  const inside = (name: string, among = facts): Inside => {
    const { inside: seen } = one(name, among);
    if (seen === undefined || 'unavailable' in seen)
      throw new Error(`${name}: ${seen?.unavailable ?? 'nothing inside'}`);
    return seen;
  };

  beforeAll(async () => {
    engine = await startEngine({ era, daemonArgs: ERAS[era].ipv6Args });
    await network(engine, 'front', six('fd00:6::/64'));
    await network(engine, 'back', ['--internal']);
    await publish(engine, 'web', 'front', ['8080:80', '127.0.0.1:8081:80', '5353:5353/udp']);
    await publish(engine, 'db', 'back', []);
    await container(engine, 'plain', ['--expose', '7070']);
    await container(engine, 'hosted', ['--network', 'host'], ['9999/tcp']);
    await container(engine, 'alone', ['--network', 'none']);
    await container(engine, 'side', ['--network', 'container:web'], ['8888/tcp']);
    await publish(engine, 'ended', 'front', ['8090:80']);
    await engine.docker(['stop', '-t', '0', 'ended']);
    facts = await gather();
  });
  afterAll(() => engine.stop());

  test('the Engine, on a healthy host', () => {
    expect(facts.engine).toMatchObject({ answered: true, liveRestore: false, userlandProxy: true });
    expect(facts.engine).toHaveProperty(
      'version',
      expect.stringMatching(new RegExp(`^${era.replace('.', '\\.')}`)),
    );
    expect(facts.engine).toHaveProperty('log', expect.any(Array));
    expect(facts).toMatchObject({ variant: 'nft', leftovers: [], managers: [], unseen: [] });
    expect(facts.drift).toMatchObject({ findings: [], rules: expect.any(Number) as number });
    expect(facts.networks.map(({ name }) => name).sort()).toEqual([
      'back',
      'bridge',
      'front',
      'host',
      'none',
    ]);
  });

  test('all containers, with the ports each was requested to publish', () => {
    expect(
      facts.containers.map(({ name, state, networkMode }) => [name, state, networkMode.slice(0, 10)]),
    ).toEqual([
      ['alone', 'running', 'none'],
      ['db', 'running', 'back'],
      ['ended', 'exited', 'front'],
      ['hosted', 'running', 'host'],
      ['plain', 'running', expect.stringMatching(/^(?:default|bridge)$/)],
      ['side', 'running', 'container:'],
      ['web', 'running', 'front'],
    ]);
    expect(one('plain')).toMatchObject({ requestedPorts: [], exposed: [{ proto: 'tcp', port: 7070 }] });
    expect(one('web').attachments).toMatchObject([{ network: 'front', ipv6: 'fd00:6::2' }]);
    expect(facts.ports.map(({ container: name }) => name)).toContain('web');
    expect([one('ended').inside, one('hosted').inside]).toEqual([undefined, undefined]);
  });

  test("each container's interface is paired with a port of its network's bridge", () => {
    for (const [name, on] of [
      ['web', 'front'],
      ['db', 'back'],
      ['plain', 'bridge'],
    ] as const) {
      const own = inside(name).links.find((link) => link.name === 'eth0');
      const bridge = facts.networks.find((other) => other.name === on)?.bridge;
      const port = facts.netState.links.find(({ index }) => index === own?.peerIndex);
      expect(own).toMatchObject({ kind: 'veth', up: true, carrier: true, mtu: 1500 });
      expect(port).toMatchObject({
        kind: 'veth',
        master: bridge,
        portState: 'forwarding',
        peerIndex: own?.index,
      });
      expect(own?.addresses.map(({ address }) => address)).toContain(one(name).attachments[0]?.ipv4);
    }
    expect(inside('alone').links.map(({ name }) => name)).toEqual(['lo']);
    expect(inside('side').netns).toBe(inside('web').netns);
  });

  test('routes and name servers inside', () => {
    const [attached] = one('web').attachments;
    expect(inside('web').routes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ family: 'ipv4', to: '0.0.0.0/0', via: attached?.gateway, dev: 'eth0' }),
        expect.objectContaining({ family: 'ipv6', to: '::/0', via: attached?.gateway6, dev: 'eth0' }),
        expect.objectContaining({ family: 'ipv6', to: 'fd00:6::/64', via: '', dev: 'eth0' }),
      ]),
    );
    // 20.10 gives an internal network a default route all the same: its packets end at the isolation rules.
    const out = inside('db').routes.filter(({ to }) => to === '0.0.0.0/0');
    expect(out).toHaveLength(era === '20.10' ? 1 : 0);
    expect(inside('web').resolvers?.[0]).toBe('127.0.0.11');
    expect(inside('plain').resolvers).not.toContain('127.0.0.11');
  });

  test('listening sockets: inside, on the host, and of docker-proxy', () => {
    const ports = (name: string) =>
      (inside(name).listeners ?? []).map(({ proto, port }) => `${proto} ${String(port)}`);
    expect(ports('web')).toEqual(expect.arrayContaining(['tcp 80', 'udp 5353', 'tcp 8888']));
    expect(ports('alone').sort()).toEqual(['tcp 80', 'udp 5353']);
    expect(facts.listeners).toContainEqual(expect.objectContaining({ proto: 'tcp', port: 9999 }));
    expect(facts.listeners).not.toContainEqual(expect.objectContaining({ port: 8888 }));
    const containerIp = one('web').attachments[0]?.ipv4;
    expect(facts.proxies).toEqual(
      expect.arrayContaining([
        { proto: 'tcp', hostIp: '0.0.0.0', hostPort: 8080, containerIp, containerPort: 80 },
        { proto: 'tcp', hostIp: '127.0.0.1', hostPort: 8081, containerIp, containerPort: 80 },
        { proto: 'udp', hostIp: '0.0.0.0', hostPort: 5353, containerIp, containerPort: 5353 },
      ]),
    );
  });

  test("the host's interfaces, routes and settings", () => {
    const { links, routes, routeRules, sysctls, rulesets, sets, natives } = facts.netState;
    const addresses = links.find(({ name }) => name === 'eth0')?.addresses.map(({ address }) => address);
    expect(addresses).toEqual(expect.arrayContaining([HOST.ipv4, HOST.second, HOST.ipv6]));
    const main = routes.filter(({ table, to }) => table === 'main' && /\/0$/.test(to));
    expect(main.map(({ family, dev }) => [family, dev])).toEqual([
      ['ipv4', 'eth0'],
      ['ipv6', 'eth0'],
    ]);
    expect(routeRules.map(({ family, table }) => `${family} ${table}`)).toEqual(
      expect.arrayContaining(['ipv4 local', 'ipv4 main', 'ipv6 main']),
    );
    expect(sysctls).toMatchObject({
      'ipv4/ip_forward': '1',
      'ipv4/conf/docker0/rp_filter': expect.stringMatching(/^\d$/) as string,
      'ipv6/conf/all/forwarding': expect.stringMatching(/^\d$/) as string,
    });
    expect(Object.keys(sysctls).filter((key) => key.includes('/veth'))).toEqual([]);
    expect(facts.conntrack?.max).toBeGreaterThan(0);
    expect(facts.conntrackDrops).toBe(0);
    expect([rulesets.map(({ variant }) => variant), sets, natives]).toEqual([['nft'], {}, []]);
  });

  test("a container's own firewall, without Docker's for its name server", async () => {
    expect(inside('web').ownRules).toEqual([]);
    const enter = [`--net=${inside('web').netns}`, 'iptables-nft'];
    await must(engine.exec, 'nsenter', [...enter, '-A', 'INPUT', '-p', 'tcp', '--dport', '80', '-j', 'DROP']);
    const [held, ...others] = inside('web', await gather('front')).ownRules ?? [];
    await must(engine.exec, 'nsenter', [...enter, '-F', 'INPUT']);
    expect(others).toEqual([]);
    expect(held?.variant).toBe('nft');
    expect(JSON.stringify(held)).toContain('-A INPUT -p tcp -m tcp --dport 80 -j DROP');
    expect(JSON.stringify(held)).not.toContain('DOCKER_OUTPUT');
  });

  test('a stopped container that is named has its requested ports', async () => {
    const asked = one('ended', await gather('ended'));
    expect(asked).toMatchObject({ requestedPorts: [{ proto: 'tcp', port: 80, hostPort: 8090 }] });
    expect(asked.inside).toBeUndefined();
    expect(one('ended').requestedPorts).toBeUndefined();
  });

  test("lost rules, and dockerd's log of a port that is taken", async () => {
    await engine.execInside('docker', ['run', '-d', '--name', 'late', '-p', '8080:80', IMAGE]);
    await must(engine.execInside, 'iptables', ['-t', 'nat', '-F', 'DOCKER']);
    const seen = await gather();
    expect(seen.drift).toHaveProperty(
      'findings',
      expect.arrayContaining([expect.objectContaining({ table: 'nat' })]),
    );
    expect(seen.engine.log?.join('\n')).toMatch(/8080/);
    await engine.docker(['rm', '-f', 'late']);
  });

  test("Docker's rules in both variants: RG_VARIANTS_SPLIT, and both rulesets", async () => {
    const text = await must(engine.execInside, 'iptables-nft-save');
    await must(engine.execInside, 'iptables-legacy-restore', [], { input: `${text}\n` });
    const seen = await gather();
    expect(seen.drift).toMatchObject({ code: 'RG_VARIANTS_SPLIT' });
    expect(seen.netState.rulesets.map(({ variant }) => variant)).toEqual(['nft', 'legacy']);
    expect(seen.leftovers).toContainEqual(
      expect.objectContaining({ family: 'ipv4', place: 'filter DOCKER-USER' }),
    );
    expect(seen.containers).toHaveLength(facts.containers.length);
  });

  test('an Engine without iptables rules, one that does not answer, and none at all', async () => {
    const missed = await gather('', { DOCKER_HOST: 'unix:///run/of-nobody.sock' });
    expect(missed.engine).toMatchObject({ answered: false, code: 'RG_ENGINE_ABSENT' });
    expect(missed.engine).toHaveProperty('pid');
    await engine.daemon.stop();
    const gone = await gather();
    expect(gone.engine).toMatchObject({ answered: false, code: 'RG_ENGINE_ABSENT' });
    expect(gone.engine).not.toHaveProperty('pid');
    expect(gone.drift).toHaveProperty('code');
    expect(gone).toMatchObject({ networks: [], containers: [], ports: [] });
    expect(gone.netState.links.map(({ name }) => name)).toContain('docker0');
    await engine.daemon.start(['--iptables=false', '--ip6tables=false']);
    const without = await gather();
    expect(without.engine).toMatchObject({ answered: false, code: 'RG_ENGINE_NO_IPTABLES' });
    expect(without.drift).toMatchObject({ code: 'RG_ENGINE_NO_IPTABLES' });
    expect(without.networks.map(({ name }) => name)).toContain('front');
    expect(without.containers).toHaveLength(facts.containers.length);
  });
});
