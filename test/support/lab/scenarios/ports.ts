import { container, network, option, publish, six } from '../build.ts';
import type { Engine } from '../engine.ts';
import { HOST } from '../wire.ts';

/** Every way of publishing a port, in both families. */
export async function ports(engine: Engine): Promise<void> {
  await publish(engine, 'web', 'bridge', ['8080:80', '5353:5353/udp', '53:53', '53:53/udp']);
  await network(engine, 'app');
  await publish(engine, 'range', 'app', ['7000-7099:7000-7099']);
  await publish(engine, 'twice', 'app', ['8001:80', '8002:80', '8003:80/udp', '8010-8020:81']);
  await publish(engine, 'bound', 'app', [
    '127.0.0.1:9001:9001',
    '127.0.0.1:9002:80',
    `${HOST.second}:9002:80`,
    `${HOST.ipv4}:9002:81`,
    '127.0.0.2:9001:9001',
    '127.0.0.1:9003:5353/udp',
    `${HOST.second}:9003:5353/udp`,
    // IPv6 on an IPv4 network is served by docker-proxy only.
    `[${HOST.ipv6}]:9004:80`,
    '[::1]:9005:80',
  ]);
  await container(engine, 'random', ['--network', 'app', '-P', '--expose', '80', '--expose', '5353/udp']);
  await publish(engine, 'picked', 'app', ['80', '127.0.0.1::81', '5353/udp']);
  await container(engine, 'exposed', ['--network', 'app', '--expose', '9999', '--expose', '9000-9003/udp']);
  await network(engine, 'six', six('fd00:6::/64'));
  await publish(engine, 'sextus', 'six', [
    `[${HOST.ipv6}]:9104:80`,
    '[::1]:9105:80',
    '[::]:9106:80',
    '0.0.0.0:9107:80',
    '9108:80',
    '9109:5353/udp',
    `[${HOST.ipv6}]:9110:5353/udp`,
    '127.0.0.1:9111:80',
    '9120-9129:9120-9129',
  ]);
  await container(engine, 'random6', ['--network', 'six', '-P', '--expose', '80', '--expose', '5353/udp']);
  await network(engine, 'narrow', option('host_binding_ipv4', HOST.second));
  await publish(engine, 'narrowed', 'narrow', ['8200:80', '0.0.0.0:8201:80', '127.0.0.1:8202:80']);
  await network(engine, 'inside', ['--internal']);
  await publish(engine, 'vault', 'inside', ['8300:80', '127.0.0.1:8301:80']);
  await network(engine, 'inside6', ['--internal', ...six('fd00:16::/64')]);
  await publish(engine, 'vault6', 'inside6', ['8302:80']);
}
