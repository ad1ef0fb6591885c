import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../../../../src/docker/inventory/inventory.ts';
import type { Past } from '../../../../../src/firewall/iptables/desired/liveness-terms.ts';
import { Liveness } from '../../../../../src/firewall/iptables/desired/liveness.ts';
import {
  bridgeNetwork,
  defaultBridge,
  endpointOn,
  expectedOf,
  inventoryOf,
  NO_SWARM,
  publish,
} from '../../../../support/recorded/inventories.ts';
import { ownRule } from '../../../../support/own-rule.ts';

const docker0 = defaultBridge({
  ipv6: true,
  subnets: ['172.17.0.0/16', 'fd00::/64'],
  options: { icc: 'false' },
});
const front = bridgeNetwork('front');
const gone = bridgeNetwork('back', { id: 'b'.repeat(64), subnets: ['172.19.0.0/16'] });
const [A, B] = [front.bridge, gone.bridge];

const web = endpointOn(docker0, 'web', '172.17.0.3', 'fd00::3');
const db = endpointOn(docker0, 'db', '172.17.0.2', 'fd00::2');
const api = endpointOn(front, 'api', '172.18.0.2');

/** Now: web and db have changed addresses, api serves 9090 on another port than before, cache is gone. */
const now: Inventory = inventoryOf('28.5.2', {
  networks: [docker0, front],
  endpoints: [web, db, api],
  ports: [
    publish(web, '0.0.0.0:8080->80/tcp'),
    publish(web, '[::]:8080->80/tcp'),
    publish(db, '127.0.0.1:5432->5432/tcp'),
    publish(api, '0.0.0.0:9090->3000/tcp'),
    publish(api, '0.0.0.0:9->9/sctp'),
  ],
  links: [{ bridge: 'docker0', parent: web, child: db, proto: 'tcp', port: 5432 }],
});

/** Then: what a baseline recorded. */
const then: Past = {
  networks: [docker0, front, gone],
  containers: [
    { address: '172.17.0.2', container: 'web' },
    { address: '172.17.0.3', container: 'db' },
    { address: '172.17.0.9', container: 'web' },
    { address: 'fd00::9', container: 'web' },
    { address: '172.17.0.4', container: 'cache' },
    { address: '172.18.0.2', container: 'api' },
    { address: '172.19.0.2', container: 'api' },
  ],
};

const liveness = new Liveness(now, then);
const familyOf = (text: string) => (/fd00|::/.test(text) ? 'ipv6' : 'ipv4');
const whyGone = (table: string, text: string, by = liveness) =>
  by.whyGone(familyOf(text), ownRule(table, text));

const dnat = (port: number, to: string, bridge = 'docker0', on = '') =>
  `-A DOCKER ${on}! -i ${bridge} -p tcp -m tcp --dport ${String(port)} -j DNAT --to-destination ${to}`;
const accept = (ip: string, port: number, bridge = 'docker0') =>
  `-A DOCKER -d ${ip} ! -i ${bridge} -o ${bridge} -p tcp -m tcp --dport ${String(port)} -j ACCEPT`;
const link = (from: string, to: string, side: string) =>
  `-A DOCKER -s ${from}/32 -d ${to}/32 -i docker0 -o docker0 -p tcp -m tcp --${side} 5432 -j ACCEPT`;
const raw = (ip: string, rest: string) => `-A PREROUTING -d ${ip} ${rest}`;
const hairpin = (ip: string, port: number) =>
  `-A POSTROUTING -s ${ip} -d ${ip} -p tcp -m tcp --dport ${String(port)} -j MASQUERADE`;

describe('why a recorded rule is not put back', () => {
  // prettier-ignore
  test.each<[what: string, table: string, rule: string, reason: string]>([
    ['addresses swapped', 'nat', dnat(8080, '172.17.0.2:80'), '8080/tcp is published by container web, which now has 172.17.0.3'],
    ['… in IPv6', 'nat', '-A DOCKER ! -s fe80::/10 ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00::9]:80', '8080/tcp is published by container web, which now has fd00::3'],
    ['… on one address of the host', 'nat', dnat(5432, '172.17.0.3:5432', 'docker0', '-d 127.0.0.1/32 '), '127.0.0.1:5432/tcp is published by container db, which now has 172.17.0.2'],
    ['the port went to another container', 'nat', dnat(9090, '172.17.0.2:3000'), '9090/tcp is published by container api, which now has 172.18.0.2'],
    ['the same container serves it on another port', 'nat', dnat(9090, '172.18.0.2:80', A), '9090/tcp leads to port 3000/tcp of container api now'],
    ['the container stopped', 'nat', dnat(6379, '172.17.0.4:6379'), 'container cache, which had 172.17.0.4, is not running'],
    ['an address that nobody ever had', 'nat', dnat(6379, '172.17.0.77:6379'), 'no running container has 172.17.0.77'],
    ['published no more', 'nat', dnat(8081, '172.18.0.2:3000', A), 'container api (172.18.0.2) does not publish 8081/tcp'],
    ['bound to another address of the host', 'nat', dnat(8080, '172.17.0.3:80', 'docker0', '-d 192.0.2.7/32 '), 'container db now has 172.17.0.2'],
    ['the container has another network', 'nat', dnat(9090, '172.19.0.2:3000', B), `network back (${B}) no longer exists`],
    ['the address is another container’s now', 'filter', accept('172.17.0.2/32', 80), 'container web now has 172.17.0.3'],
    ['the address is gone with its container', 'filter', accept('172.17.0.4/32', 6379), 'container cache, which had 172.17.0.4, is not running'],
    ['the address moved to another bridge', 'filter', accept('172.18.0.2/32', 3000), '172.18.0.2 is now container api\'s on network front'],
    ['the container’s port is closed', 'filter', accept('172.18.0.2/32', 22, A), 'container api (172.18.0.2) does not publish 22/tcp'],
    ['a port published in the other family alone', 'filter', accept('fd00::2/128', 5432), 'container db (fd00::2) does not publish 5432/tcp'],
    ['hairpin of an old address', 'nat', hairpin('172.17.0.9/32', 80), 'container web now has 172.17.0.3'],
    ['raw: an old address', 'raw', raw('172.17.0.9/32', '! -i docker0 -j DROP'), 'container web now has 172.17.0.3'],
    ['raw: the port of an old address', 'raw', raw('172.17.0.4/32', '! -i docker0 -p tcp -m tcp --dport 6379 -j DROP'), 'container cache, which had 172.17.0.4, is not running'],
    ['raw: a trusted interface to an old address', 'raw', raw('172.17.0.4/32', '-i eth1 -j ACCEPT'), 'container cache, which had 172.17.0.4, is not running'],
    ['raw: a loopback port', 'raw', raw('127.0.0.1/32', '! -i lo -p tcp -m tcp --dport 6379 -j DROP'), 'no running container publishes 127.0.0.1:6379/tcp'],
    ['raw: the same for Windows', 'raw', raw('127.0.0.1/32', '-i loopback0 -p tcp -m tcp --dport 6379 -j ACCEPT'), 'no running container publishes 127.0.0.1:6379/tcp'],
    ['sctp', 'mangle', '-A POSTROUTING -p sctp -m sctp --sport 7 -j CHECKSUM --checksum-fill', 'no running container publishes 7/sctp'],
    ['a link from a container that is gone', 'filter', link('172.17.0.4', '172.17.0.2', 'dport'), 'container cache, which had 172.17.0.4, is not running'],
    ['a link back to it', 'filter', link('172.17.0.2', '172.17.0.4', 'sport'), 'container cache, which had 172.17.0.4, is not running'],
    ['a link whose end has moved', 'filter', link('172.17.0.9', '172.17.0.2', 'dport'), 'container web now has 172.17.0.3'],
    ['a network removed', 'nat', `-A POSTROUTING -s 172.19.0.0/16 ! -o ${B} -j MASQUERADE`, `network back (${B}) no longer exists`],
    ['… its isolation', 'filter', `-A DOCKER-ISOLATION-STAGE-2 -o ${B} -j DROP`, `network back (${B}) no longer exists`],
    ['a network nobody knew', 'filter', '-A DOCKER-BRIDGE -o br-cccccccccccc -j DOCKER', 'the Engine has no network with bridge br-cccccccccccc'],
    ['a network made anew with another subnet', 'nat', `-A POSTROUTING -s 172.30.0.0/16 ! -o ${A} -j MASQUERADE`, 'network front has 172.18.0.0/16, not 172.30.0.0/16'],
    ['… the same of an internal one', 'filter', `-A DOCKER-INTERNAL ! -s 172.30.0.0/16 -o ${A} -j DROP`, 'network front has 172.18.0.0/16, not 172.30.0.0/16'],
    ['an overlay', 'mangle', '-A OUTPUT -p udp -m udp --dport 4789 -m u32 --u32 "0x0>>0x16&0x3c@0xc&0xffffff00=0x100100" -j MARK --set-xmark 0xd0c4e3/0xffffffff', 'no container here is on an encrypted overlay network with this VNI'],
    ['a swarm that was left', 'nat', '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-INGRESS', 'this host is no longer in a swarm'],
  ])('%s', (_, table, rule, reason) => {
    expect(whyGone(table, rule)).toBe(reason);
  });

  test('two containers that are not linked any more', () => {
    const apart = new Liveness({ ...now, links: [] });
    expect(whyGone('filter', link('172.17.0.3', '172.17.0.2', 'dport'), apart)).toBe(
      'containers web and db are not linked by 5432/tcp',
    );
  });
});

describe('nothing speaks against', () => {
  // prettier-ignore
  test.each<[table: string, rule: string]>([
    ['nat', dnat(8080, '172.17.0.3:80')],
    ['nat', '-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:80'],
    ['filter', accept('172.17.0.3/32', 80)],
    ['filter', accept('fd00:0::3/128', 80)],
    ['filter', link('172.17.0.3', '172.17.0.2', 'dport')],
    ['filter', link('172.17.0.2', '172.17.0.3', 'sport')],
    ['raw', raw('172.17.0.2/32', '! -i docker0 -j DROP')],
    ['raw', raw('127.0.0.1/32', '! -i lo -p tcp -m tcp --dport 5432 -j DROP')],
    ['mangle', '-A POSTROUTING -p sctp -m sctp --sport 9 -j CHECKSUM --checksum-fill'],
    ['nat', `-A POSTROUTING -s 172.18.0.0/16 ! -o ${A} -j MASQUERADE`],
    ['filter', '-A FORWARD -j DOCKER-USER'],
  ])('%s %s', (table, rule) => {
    expect(whyGone(table, rule)).toBeUndefined();
  });
});

describe('swarm', () => {
  const swarm = {
    ...NO_SWARM,
    state: 'active',
    meshAddress: '172.18.0.3',
    encrypted: [{ network: 'x', vni: 4097 }],
  };
  const worker = new Liveness({
    ...now,
    swarm: { ...swarm, ingressPorts: [{ proto: undefined, port: 8081 }] },
  });
  const manager = new Liveness({ ...now, swarm: { ...swarm, ingressPorts: [{ proto: 'tcp', port: 8081 }] } });
  const mesh = (port: number, proto = 'tcp', to = '172.18.0.3') =>
    `-A DOCKER-INGRESS -p ${proto} -m ${proto} --dport ${String(port)} -j DNAT --to-destination ${to}:${String(port)}`;

  // prettier-ignore
  test.each<[what: string, by: Liveness, table: string, rule: string, reason: string | undefined]>([
    ['a service port', manager, 'nat', mesh(8081), undefined],
    ['a service port whose protocol a worker is not told', worker, 'nat', mesh(8081, 'udp'), undefined],
    ['another protocol', manager, 'nat', mesh(8081, 'udp'), 'no service publishes 8081/udp through the routing mesh'],
    ['a service that was removed', worker, 'filter', '-A DOCKER-INGRESS -p tcp -m tcp --dport 8082 -j ACCEPT', 'no service publishes 8082/tcp through the routing mesh'],
    ['a sandbox made anew', manager, 'nat', mesh(8081, 'tcp', '172.18.0.9'), 'the routing mesh now has 172.18.0.3'],
    ['the mesh’s jump', manager, 'filter', '-A DOCKER-FORWARD -j DOCKER-INGRESS', undefined],
    ...['0x100100', '0x100200'].map((vni): [string, Liveness, string, string, string | undefined] => [
      `an overlay by u32 ${vni}`, manager, 'mangle', `-A OUTPUT -p udp -m udp --dport 4789 -m u32 --u32 "0x0>>0x16&0x3c@0xc&0xffffff00=${vni}" -j MARK --set-xmark 0xd0c4e3/0xffffffff`,
      vni === '0x100100' ? undefined : 'no container here is on an encrypted overlay network with this VNI',
    ]),
    ['an overlay by bpf', manager, 'filter', '-A INPUT -p udp -m policy --dir in --pol none -m udp --dport 4789 -m bpf --bytecode "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4097,6 0 0 0,6 0 0 4294967295" -j DROP', undefined],
  ])('%s', (_, by, table, rule, reason) => {
    expect(by.whyGone('ipv4', ownRule(table, rule))).toBe(reason);
  });
});

describe('what is called left behind', () => {
  const stale = ownRule('nat', dnat(8080, '172.17.0.2:80'));
  const other = ownRule('filter', `-A DOCKER-BRIDGE -o ${B} -j DOCKER`);
  const bare = ownRule('nat', '-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80');
  const [here, nowhere] = [new Set(['docker0', A, B]), new Set(['docker0', A])];

  // prettier-ignore
  test.each<[what: string, rule: typeof stale, company: { interfaces: ReadonlySet<string>; alone: boolean }, told: boolean]>([
    ['alone, everything without a place', other, { interfaces: here, alone: true }, true],
    ['alone, what names no bridge', bare, { interfaces: here, alone: true }, true],
    ['beside a second Engine, nothing of a bridge that may be its own', other, { interfaces: here, alone: false }, false],
    ['… what names a bridge that does not exist', other, { interfaces: nowhere, alone: false }, true],
    ['… what is on a bridge of this Engine', stale, { interfaces: here, alone: false }, true],
    ['… nothing that names no bridge', bare, { interfaces: here, alone: false }, false],
  ])('%s', (_, rule, coTenants, expected) => {
    expect(liveness.whyOrphan('ipv4', rule, coTenants) !== undefined).toBe(expected);
  });

  test.each<[rule: string, severity: 'exposure' | 'outage' | undefined]>([
    [dnat(8080, '172.17.0.2:80'), 'exposure'],
    [dnat(8080, '172.17.0.9:80'), 'outage'],
    [dnat(7000, '172.17.0.9:80'), undefined],
  ])('%s diverts: %s', (rule, severity) => {
    expect(liveness.diversion('ipv4', ownRule('nat', rule))?.severity).toBe(severity);
  });
});

test('a rule of a stopped container says which', () => {
  const stopped = ownRule('nat', dnat(6379, '172.17.0.4:6379'));
  const moved = ownRule('nat', dnat(8080, '172.17.0.3:80'));
  expect(liveness.stoppedContainer('ipv4', stopped)).toBe('cache');
  expect(liveness.stoppedContainer('ipv4', moved)).toBeUndefined();
});

test('nothing that is expected is stale', () => {
  for (const version of ['20.10.24', '26.1.5', '28.1.1', '28.5.2', '29.0.0'])
    for (const [family, { tables }] of Object.entries(expectedOf({ ...now, version }, { ip6tables: true })))
      for (const { name, chains } of tables.values())
        for (const { rules } of chains.values())
          for (const { text } of rules)
            expect(liveness.whyGone(family as 'ipv4' | 'ipv6', ownRule(name, text))).toBeUndefined();
});
