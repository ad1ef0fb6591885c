import { container, network, option, publish, six, traffic } from '../build.ts';
import type { Engine } from '../engine.ts';

const mode = (family: 'ipv4' | 'ipv6', value: string) => option(`gateway_mode_${family}`, value);
const both = (value: string) => [...mode('ipv4', value), ...mode('ipv6', value)];

/** What 28 added: gateway modes and interfaces that may reach containers directly. */
export async function modes(engine: Engine): Promise<void> {
  await container(engine, 'web', ['-p', '8080:80', '-p', '5353:5353/udp']);
  await network(engine, 'routed', mode('ipv4', 'routed'));
  await container(engine, 'open', ['--network', 'routed', '-p', '80']);
  await network(engine, 'unprotected', mode('ipv4', 'nat-unprotected'));
  await container(engine, 'bold', ['--network', 'unprotected', '-p', '8086:80']);
  await network(engine, 'trusting', option('trusted_host_interfaces', 'eth0'));
  await container(engine, 'friend', ['--network', 'trusting', '-p', '8087:80']);
  await network(engine, 'isolated', ['--internal', ...mode('ipv4', 'isolated')]);
  await container(engine, 'monk', ['--network', 'isolated']);
  await traffic(engine);
}

/** Name, and arguments of `docker network create`. */
const GATEWAYS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['routed', mode('ipv4', 'routed')],
  ['routed4', [...mode('ipv4', 'routed'), ...six('fd00:1::/64')]],
  ['routed6', [...mode('ipv6', 'routed'), ...six('fd00:2::/64')]],
  ['routed46', [...both('routed'), ...six('fd00:3::/64'), ...option('enable_icc', 'false')]],
  ['unprotected4', [...mode('ipv4', 'nat-unprotected'), ...six('fd00:4::/64')]],
  ['unprotected6', [...mode('ipv6', 'nat-unprotected'), ...six('fd00:5::/64')]],
  ['unprotected46', [...both('nat-unprotected'), ...six('fd00:6::/64'), ...option('enable_icc', 'false')]],
  ['plain46', [...both('nat'), ...six('fd00:7::/64')]],
  ['trusting', option('trusted_host_interfaces', 'eth0:wg0')],
  ['trusting6', [...option('trusted_host_interfaces', 'eth0:wg0'), ...six('fd00:8::/64')]],
  ['routedbare', [...both('routed'), ...option('enable_ip_masquerade', 'false'), ...six('fd00:9::/64')]],
];

const ISOLATED: typeof GATEWAYS = [
  ['isolated4', ['--internal', ...mode('ipv4', 'isolated')]],
  ['isolated6', ['--internal', ...mode('ipv6', 'isolated'), ...six('fd00:a::/64')]],
  ['isolated46', ['--internal', ...both('isolated'), ...six('fd00:b::/64')]],
];

/** Every gateway mode in every family, with all kinds of ports. */
export async function gateways(engine: Engine): Promise<void> {
  await publish(engine, 'web', 'bridge', ['8080:80', '5353:5353/udp']);
  let hostPort = 8100;
  for (const [name, args] of [...GATEWAYS, ...ISOLATED]) {
    await network(engine, name, args);
    hostPort += 10;
    await publish(engine, `on-${name}`, name, [
      '80',
      `${String(hostPort)}:81`,
      `${String(hostPort)}:5353/udp`,
      `127.0.0.1:${String(hostPort + 1)}:82`,
      `[::1]:${String(hostPort + 1)}:82`,
      `${String(hostPort + 2)}:83`,
      `${String(hostPort + 3)}:83`,
    ]);
  }
  await container(engine, 'silent', ['--network', 'routed46']);
  await container(engine, 'trusted', ['--network', 'trusting6']);
  // Published where it is translated, opened where it is routed: only the gateway of each family counts.
  await publish(engine, 'between', 'routed46', ['8300:80']);
  await engine.docker(['network', 'connect', 'plain46', 'between']);
  await traffic(engine);
}
