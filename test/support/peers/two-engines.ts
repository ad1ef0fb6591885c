import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createHost, told, type Host } from '../host.ts';
import { container, network, option, publish, six } from '../lab/build.ts';
import { startEngine, type Engine } from '../lab/engine.ts';
import type { Era } from '../lab/eras.ts';
import { must } from '../lab/run.ts';
import { HOST } from '../lab/wire.ts';
import { until } from '../until.ts';

/** Addresses of the asked host: behind the router, and on a wire that both hosts share. */
export const FAR = '198.51.100.20';
export const NEAR = { asking: '203.0.113.10', asked: '203.0.113.20' } as const;

/** A host of two, with its Engine and the built program. */
export interface EngineHost {
  readonly name: 'host-a' | 'host-b';
  readonly engine: Engine;
  readonly host: Host;
}

/** Two hosts with real Engines. The asking one's client is the router between both; eth1 is a wire of their own. */
export interface TwoEngines {
  readonly asking: EngineHost;
  readonly asked: EngineHost;
  /** Runs a shell script on a host or the router, as root. @throws Error when it fails */
  sh(where: 'host-a' | 'host-b' | 'router', script: string): Promise<string>;
  /** Whether `web` of host-a, or another asker there, gets an answer. */
  reaches(address: string, port: number, asker?: string): Promise<boolean>;
  /** What doctor says of both, as JSON, by files of their facts. */
  consult(asker: string, to: string): Promise<Consulted>;
  leave(): Promise<void>;
}

/** What is read of the document. */
export interface Consulted {
  readonly verdict: 'ok' | 'fail' | 'unknown';
  readonly exit: number;
  readonly causes: readonly {
    readonly host: string;
    readonly check: {
      readonly code: string;
      readonly title: string;
      readonly remedies: readonly { readonly what: string; readonly commands: readonly string[] }[];
    };
  }[];
}

const ROUTER = '198.51.100.254';
/** The asked host's address of IPv6, behind the router, once {@link addIpv6} has run. */
export const FAR6 = '2001:db8:b::20';
/** Addresses of IPv6 on the wire that both hosts share. */
export const NEAR6 = { asking: '2001:db8:c::10', asked: '2001:db8:c::20' } as const;
export const ROUTER6 = '2001:db8:b::fe';

/** Takes the asked host from its own client to the asking one's, which routes, and lays a wire between both. */
async function wire(asking: Engine, asked: Engine): Promise<void> {
  const on = async (engine: Engine, line: string) => must(engine.exec, 'sh', ['-ec', line]);
  await on(
    asked,
    `ip link del eth0
    ip link add eth0 type veth peer name eth1 netns ${asking.client.netns}
    ip addr add ${FAR}/24 dev eth0; ip link set eth0 up; ip route add default via ${ROUTER}
    ip link add eth1 type veth peer name eth1 netns ${asking.netns}
    ip addr add ${NEAR.asked}/24 dev eth1; ip link set eth1 up`,
  );
  await on(asking, `ip addr add ${NEAR.asking}/24 dev eth1; ip link set eth1 up`);
  await must(asking.client.exec, 'sh', [
    '-ec',
    `ip addr add ${ROUTER}/24 dev eth1; ip link set eth1 up; echo 1 >/proc/sys/net/ipv4/ip_forward`,
  ]);
}

/**
 * Brings up both hosts: on host-a `web` and `plain`, a network without masquerading, on host-b `api`, published as 8080 and 5353/udp.
 *
 * @param daemonArgs - of both Engines; a swarm takes no `--live-restore`
 */
export async function raiseTwo(
  eraAsking: Era,
  eraAsked: Era,
  daemonArgs: readonly string[] = ['--live-restore'],
): Promise<TwoEngines> {
  const engine = await startEngine({ era: eraAsking, daemonArgs });
  const other = await startEngine({ era: eraAsked, daemonArgs }).catch(async (error: unknown) => {
    await engine.stop();
    throw error;
  });
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-two-'));
  const asking: EngineHost = { name: 'host-a', engine, host: createHost(engine) };
  const asked: EngineHost = { name: 'host-b', engine: other, host: createHost(other) };
  const leave = async () => {
    for (const { host } of [asking, asked]) host.dispose();
    rmSync(folder, { recursive: true, force: true });
    await Promise.all([engine.stop(), other.stop()]);
  };
  const reaches: TwoEngines['reaches'] = async (address, port, asker = 'web') => {
    const question = ['perl', '/echo.pl', 'ask', 'tcp', address, String(port), '2'];
    const { code } = await engine.execInside('docker', ['exec', asker, ...question]);
    return code === 0;
  };
  /** Both are of this machine's name: each file gets its own. */
  const factsOf = async ({ name, host }: EngineHost, named: string): Promise<string> => {
    const { stdout } = await host.run(['doctor', '--facts', named]);
    const file = path.join(folder, `${name}.json`);
    writeFileSync(file, stdout.replace(/"host":"[^"]*"/, `"host":"${name}"`), 'latin1');
    return file;
  };
  try {
    await wire(engine, other);
    await container(engine, 'web', []);
    await network(engine, 'plain', [
      '--subnet',
      '172.30.7.0/24',
      '-o',
      'com.docker.network.bridge.enable_ip_masquerade=false',
    ]);
    await container(engine, 'bare', ['--network', 'plain']);
    await container(other, 'api', ['-p', '8080:80', '-p', '127.0.0.1:8085:80', '-p', '5353:5353/udp']);
    await until(() => reaches(FAR, 8080));
    return {
      ...{ asking, asked, reaches, leave },
      sh: (where, script) =>
        must(
          where === 'host-a'
            ? engine.execInside
            : where === 'host-b'
              ? other.execInside
              : engine.client.execInside,
          'sh',
          ['-ec', script],
        ),
      async consult(asker, to) {
        const here = await factsOf(asking, asker);
        const peer = await factsOf(asked, to);
        const words = ['doctor', asker, '--to', to, '--here', here, '--peer', peer, '--json'];
        const outcome = await asking.host.attempt(words);
        try {
          const text = Buffer.from(outcome.stdout, 'latin1').toString();
          return { ...(JSON.parse(text) as Omit<Consulted, 'exit'>), exit: outcome.code };
        } catch {
          throw new Error(`no JSON from ${told(words, outcome)}`);
        }
      },
    };
  } catch (error) {
    await leave();
    throw error;
  }
}

/**
 * Gives both hosts IPv6 through the router and on the wire of their own, and each a network `six` on bridge `six0`: on host-a `web6`, on
 * host-b `api6`, published as 8086 and 5386/udp. Engine 26.1 wants `--experimental --ip6tables` for it.
 */
export async function addIpv6(two: TwoEngines): Promise<void> {
  const { asking, asked } = two;
  await two.sh(
    'router',
    `ip addr add ${ROUTER6}/64 dev eth1 nodad; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding`,
  );
  await two.sh('host-a', `ip addr add ${NEAR6.asking}/64 dev eth1 nodad`);
  await two.sh(
    'host-b',
    `ip addr add ${FAR6}/64 dev eth0 nodad; ip -6 route add default via ${ROUTER6}; ip addr add ${NEAR6.asked}/64 dev eth1 nodad`,
  );
  for (const [{ engine }, subnet] of [
    [asking, 'fd00:a6::/64'],
    [asked, 'fd00:b6::/64'],
  ] as const)
    await network(engine, 'six', [...six(subnet), ...option('name', 'six0')]);
  await container(asking.engine, 'web6', ['--network', 'six']);
  await publish(asked.engine, 'api6', 'six', ['8086:80', '5386:5353/udp', '[::1]:8087:80']);
  await until(() => two.reaches(FAR6, 8086, 'web6'));
}

/** The address by which the asking host is seen behind the router. */
export const SEEN_AS = HOST.ipv4;
export const SEEN_AS6 = HOST.ipv6;
