import { describe, expect, test } from 'vitest';
import type { Endpoint, Inventory, LiveNetwork } from '../../../../../src/docker/inventory/inventory.ts';
import type { Settings } from '../../../../../src/docker/settings.ts';
import {
  bridgeNetwork,
  changes,
  defaultBridge,
  endpointOn,
  expectedOf,
  inventoryOf,
  publish,
} from '../../../../support/recorded/inventories.ts';

const A = 'br-aaaaaaaaaaaa';
const TO = `-d 172.18.0.2/32 ! -i ${A} -o ${A}`;
const SUBNETS = ['172.18.0.0/16', 'fd00:a::/64'];

/** What one container with published ports adds to its network. */
function addedBy(
  version: string,
  ports: readonly string[],
  { settings = {}, network = {} }: { settings?: Partial<Settings>; network?: Given } = {},
): readonly string[] {
  const own = bridgeNetwork('own', { ipv6: true, subnets: SUBNETS, ...network });
  const web = endpointOn(own, 'web', '172.18.0.2', 'fd00:a::2');
  return addedTo(version, own, [web], { ports: ports.map((text) => publish(web, text)) }, settings);
}

type Given = NonNullable<Parameters<typeof bridgeNetwork>[1]>;

function addedTo(
  version: string,
  network: LiveNetwork,
  endpoints: readonly Endpoint[],
  parts: Partial<Inventory>,
  settings: Partial<Settings>,
): readonly string[] {
  const networks = [defaultBridge(), network];
  const rulesOf = (more: Partial<Inventory>) =>
    expectedOf(inventoryOf(version, { networks, ...more }), { ip6tables: true, ...settings });
  return changes(rulesOf({}), rulesOf({ endpoints, ...parts }));
}

const sorted = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => `+ ${line}`)
    .sort();

const noProxy = { settings: { userlandProxy: false } };
const mode = (mode4: string, mode6 = 'nat') => ({ network: { options: { mode4, mode6 } } });

/** The rules of 8080->80/tcp up to 27 with docker-proxy, on all addresses of the host. */
const OLD = `4 nat -A DOCKER ! -i ${A} -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80
  4 nat -A POSTROUTING -s 172.18.0.2/32 -d 172.18.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
  4 filter -A DOCKER ${TO} -p tcp -m tcp --dport 80 -j ACCEPT`;
const DNAT = `4 nat -A DOCKER ! -i ${A} -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80`;
const ACCEPT = `4 filter -A DOCKER ${TO} -p tcp -m tcp --dport 80 -j ACCEPT`;
/** From 28.2 on, with no port published at all. */
const CLOSED = `4 raw -A PREROUTING -d 172.18.0.2/32 ! -i ${A} -j DROP
  6 raw -A PREROUTING -d fd00:a::2/128 ! -i ${A} -j DROP`;
const PORT = `4 raw -A PREROUTING -d 172.18.0.2/32 ! -i ${A} -p tcp -m tcp --dport 80 -j DROP`;
const NEW = `${DNAT}\n${ACCEPT}\n${CLOSED}`;
const SCTP = (
  version: string,
) => `4 nat -A DOCKER ! -i ${A} -p sctp -m sctp --dport 9 -j DNAT --to-destination 172.18.0.2:9
  4 filter -A DOCKER ${TO} -p sctp -m sctp --dport 9 -j ACCEPT
  ${version < '28' ? '4 nat -A POSTROUTING -s 172.18.0.2/32 -d 172.18.0.2/32 -p sctp -m sctp --dport 9 -j MASQUERADE' : CLOSED}`;
const CHECKSUM = '4 mangle -A POSTROUTING -p sctp -m sctp --sport 9 -j CHECKSUM --checksum-fill';
const V6_ACCEPT = `6 filter -A DOCKER -d fd00:a::2/128 ! -i ${A} -o ${A} -p tcp -m tcp --dport 80 -j ACCEPT`;

type Options = Parameters<typeof addedBy>[2];

// prettier-ignore
test.each<[what: string, version: string, ports: readonly string[], options: Options, rules: string]>([
  ['no port', '18.09.9', [], {}, ''],
  ['no port', '28.1.1', [], {}, ''],
  ['no port', '28.2.0', [], {}, CLOSED],
  ['a port', '18.09.9', ['0.0.0.0:8080->80/tcp'], {}, OLD],
  ['a port', '26.1.5', ['0.0.0.0:8080->80/tcp'], {}, OLD],
  ['a port', '27.5.1', ['0.0.0.0:8080->80/tcp'], {}, OLD],
  ['a port', '28.0.0', ['0.0.0.0:8080->80/tcp'], {}, `${DNAT}\n${ACCEPT}\n${PORT}`],
  ['a port', '28.1.1', ['0.0.0.0:8080->80/tcp'], {}, `${DNAT}\n${ACCEPT}\n${PORT}`],
  ['a port', '28.5.2', ['0.0.0.0:8080->80/tcp'], {}, NEW],
  ['a port', '29.0.0', ['0.0.0.0:8080->80/tcp'], {}, NEW],
  ['a port without docker-proxy', '20.10.24', ['0.0.0.0:8080->80/tcp'], noProxy, OLD.replace(`! -i ${A} -p tcp`, '-p tcp')],
  ['a port without docker-proxy', '28.5.2', ['0.0.0.0:8080->80/tcp'], noProxy, `${NEW.replace(`! -i ${A} -p tcp`, '-p tcp')}
    4 nat -A POSTROUTING -s 172.18.0.2/32 -d 172.18.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE`],
  ['udp', '28.5.2', ['0.0.0.0:8080->80/udp'], {}, NEW.replaceAll('tcp', 'udp')],
  ['one address', '26.1.5', ['192.0.2.7:8080->80/tcp'], {}, OLD.replace('DOCKER ! -i', 'DOCKER -d 192.0.2.7/32 ! -i')],
  ['one address', '28.5.2', ['192.0.2.7:8080->80/tcp'], {}, NEW.replace('DOCKER ! -i', 'DOCKER -d 192.0.2.7/32 ! -i')],
  ['loopback', '26.1.5', ['127.0.0.1:8080->80/tcp'], {}, OLD.replace('DOCKER ! -i', 'DOCKER -d 127.0.0.1/32 ! -i')],
  ['loopback', '28.0.1', ['127.0.0.1:8080->80/tcp'], {}, `${DNAT.replace('DOCKER ! -i', 'DOCKER -d 127.0.0.1/32 ! -i')}\n${ACCEPT}\n${PORT}
    4 raw -A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 8080 -j DROP`],
  ['loopback, another address of it', '28.5.2', ['127.9.0.1:8080->80/tcp'], {}, `${NEW.replace('DOCKER ! -i', 'DOCKER -d 127.9.0.1/32 ! -i')}
    4 raw -A PREROUTING -d 127.9.0.1/32 ! -i lo -p tcp -m tcp --dport 8080 -j DROP`],
  ['loopback without raw', '28.5.2', ['127.0.0.1:8080->80/tcp'], { settings: { noRaw: true } }, `${DNAT.replace('DOCKER ! -i', 'DOCKER -d 127.0.0.1/32 ! -i')}\n${ACCEPT}`],
  ['a port without raw', '28.1.1', ['0.0.0.0:8080->80/tcp'], { settings: { noRaw: true } }, `${DNAT}\n${ACCEPT}`],
  ['28.0.0 does not know how to go without raw', '28.0.0', ['0.0.0.0:8080->80/tcp'], { settings: { noRaw: true } }, `${DNAT}\n${ACCEPT}\n${PORT}`],
  ['direct routing allowed', '28.5.2', ['127.0.0.1:8080->80/tcp'], { settings: { directRouting: true } }, `${DNAT.replace('DOCKER ! -i', 'DOCKER -d 127.0.0.1/32 ! -i')}\n${ACCEPT}
    4 raw -A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 8080 -j DROP`],
  ['trusted interfaces', '28.2.0', [], { network: { options: { trusted: 'eth1:wg0' } } }, `${CLOSED}
    4 raw -A PREROUTING -d 172.18.0.2/32 -i eth1 -j ACCEPT
    4 raw -A PREROUTING -d 172.18.0.2/32 -i wg0 -j ACCEPT
    6 raw -A PREROUTING -d fd00:a::2/128 -i eth1 -j ACCEPT
    6 raw -A PREROUTING -d fd00:a::2/128 -i wg0 -j ACCEPT`],
  ['trusted interfaces by wildcard, as iptables takes it', '28.5.2', [], { network: { options: { trusted: 'wg+' } } }, `${CLOSED}
    4 raw -A PREROUTING -d 172.18.0.2/32 -i wg+ -j ACCEPT
    6 raw -A PREROUTING -d fd00:a::2/128 -i wg+ -j ACCEPT`],
  ['trusted interfaces by comma are one', '28.5.2', [], { network: { options: { trusted: 'if1,if2' } } }, `${CLOSED}
    4 raw -A PREROUTING -d 172.18.0.2/32 -i if1,if2 -j ACCEPT
    6 raw -A PREROUTING -d fd00:a::2/128 -i if1,if2 -j ACCEPT`],
  ['a range', '26.1.5', ['0.0.0.0:8080->80/tcp', '0.0.0.0:8081->81/tcp'], {}, `${OLD}\n${OLD.replaceAll('8080', '8081').replaceAll(/\b80\b/g, '81')}`],
  ['two host ports for one of the container', '26.1.5', ['0.0.0.0:8080->80/tcp', '0.0.0.0:9090->80/tcp'], {}, `${OLD}\n${DNAT.replace('8080', '9090')}`],
  ['two host ports for one of the container', '28.1.1', ['0.0.0.0:8080->80/tcp', '0.0.0.0:9090->80/tcp'], {}, `${DNAT}\n${ACCEPT}\n${PORT}\n${DNAT.replace('8080', '9090')}`],
  ['sctp', '20.10.24', ['0.0.0.0:9->9/sctp'], {}, `${SCTP('20')}\n${CHECKSUM}`],
  ['sctp', '27.5.1', ['0.0.0.0:9->9/sctp'], {}, `${SCTP('27')}\n${CHECKSUM}`],
  ['sctp', '28.5.2', ['0.0.0.0:9->9/sctp'], {}, SCTP('28')],
  ['sctp with checksums asked for', '28.5.2', ['0.0.0.0:9->9/sctp'], { settings: { sctpChecksum: true } }, `${SCTP('28')}\n${CHECKSUM}`],
  ['sctp with checksums asked for', '29.0.0', ['0.0.0.0:9->9/sctp'], { settings: { sctpChecksum: true } }, SCTP('29')],
  ['IPv6', '26.1.5', ['[::]:8080->80/tcp'], {}, `${V6_ACCEPT}
    6 nat -A DOCKER ! -i ${A} -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00:a::2]:80
    6 nat -A POSTROUTING -s fd00:a::2/128 -d fd00:a::2/128 -p tcp -m tcp --dport 80 -j MASQUERADE`],
  ['IPv6', '28.5.2', ['[::]:8080->80/tcp'], {}, `${V6_ACCEPT}\n${CLOSED}
    6 nat -A DOCKER ! -s fe80::/10 ! -i ${A} -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00:a::2]:80`],
  ['IPv6, one address', '28.5.2', ['[2001:db8::7]:8080->80/tcp'], {}, `${V6_ACCEPT}\n${CLOSED}
    6 nat -A DOCKER ! -s fe80::/10 -d 2001:db8::7/128 ! -i ${A} -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00:a::2]:80`],
  ['routed', '27.5.1', ['0.0.0.0->80/tcp'], mode('routed'), ACCEPT],
  ['routed', '28.5.2', ['0.0.0.0->80/tcp'], mode('routed'), `${ACCEPT}\n6 raw -A PREROUTING -d fd00:a::2/128 ! -i ${A} -j DROP`],
  ['routed in IPv6 alone', '29.0.0', ['0.0.0.0:8080->80/tcp', '[::]->80/tcp'], mode('nat', 'routed'), `${DNAT}\n${ACCEPT}\n${V6_ACCEPT}
    4 raw -A PREROUTING -d 172.18.0.2/32 ! -i ${A} -j DROP`],
  ['nat-unprotected', '28.1.1', ['0.0.0.0:8080->80/tcp'], mode('nat-unprotected'), DNAT],
  ['nat-unprotected', '29.0.0', ['0.0.0.0:8080->80/tcp'], mode('nat-unprotected', 'nat-unprotected'), DNAT],
  ['internal', '28.5.2', ['0.0.0.0:8080->80/tcp'], { network: { internal: true } }, ''],
  ['internal and isolated', '29.0.0', ['0.0.0.0:8080->80/tcp'], { network: { internal: true, options: { mode4: 'isolated' } } }, ''],
])('%s · %s %j', (_, version, ports, options, rules) => {
  expect([...addedBy(version, ports, options)].sort()).toEqual(sorted(rules));
});

test('a binding that docker-proxy alone serves has no rule', () => {
  const own = bridgeNetwork('own');
  const web = endpointOn(own, 'web', '172.18.0.2');
  const ports = [
    publish(web, '[::]:8080->80/tcp'),
    { ...publish(web, '[::]:9090->80/tcp'), endpoint: undefined },
  ];
  expect(addedTo('26.1.5', own, [web], { ports }, {})).toEqual([]);
});

test('the port of a range is open before its network is closed', () => {
  const own = bridgeNetwork('own');
  const web = endpointOn(own, 'web', '172.18.0.2');
  const ports = ['0.0.0.0:80->80/tcp', '0.0.0.0:81->81/tcp'].map((text) => publish(web, text));
  const rules = expectedOf(inventoryOf('28.5.2', { networks: [own], ports })).ipv4.tables.get('filter');
  const texts = rules?.chains.get('DOCKER')?.rules.map(({ text }) => text) ?? [];
  expect(texts.at(-1)).toBe(`-A DOCKER ! -i ${A} -o ${A} -j DROP`);
  expect(texts).toHaveLength(3);
});

// 28.0.0 to 28.1.1, read in the source: the host's loopback address is closed before the container's own.
test.each(['28.0.0', '28.0.4', '28.1.1'])('raw closes loopback first · %s', (version) => {
  const own = bridgeNetwork('own');
  const web = endpointOn(own, 'web', '172.18.0.2');
  const ports = ['127.0.0.1:80->80/tcp', '127.0.0.1:81->81/tcp'].map((text) => publish(web, text));
  const rules = expectedOf(inventoryOf(version, { networks: [own], endpoints: [web], ports })).ipv4;
  const texts = rules.tables
    .get('raw')
    ?.chains.get('PREROUTING')
    ?.rules.map(({ text }) => text);
  const pair = (port: string) => [
    `-A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport ${port} -j DROP`,
    `-A PREROUTING -d 172.18.0.2/32 ! -i ${A} -p tcp -m tcp --dport ${port} -j DROP`,
  ];
  expect(texts).toEqual([...pair('80'), ...pair('81')]);
});

describe('links', () => {
  const linked = (icc: string, version: string) => {
    const own = defaultBridge({ options: { icc } });
    const [app, db] = [endpointOn(own, 'app', '172.17.0.3'), endpointOn(own, 'db', '172.17.0.2')];
    const links = [{ bridge: 'docker0', parent: app, child: db, proto: 'tcp' as const, port: 5432 }];
    const rulesOf = (parts: Partial<Inventory>) =>
      expectedOf(inventoryOf(version, { networks: [own], ...parts }));
    return changes(rulesOf({}), rulesOf({ links }));
  };

  test.each(['20.10.24', '26.1.5', '28.5.2', '29.0.0'])('open the port both ways · %s', (version) => {
    expect(linked('false', version)).toEqual([
      '+ 4 filter -A DOCKER -s 172.17.0.3/32 -d 172.17.0.2/32 -i docker0 -o docker0 -p tcp -m tcp --dport 5432 -j ACCEPT',
      '+ 4 filter -A DOCKER -s 172.17.0.2/32 -d 172.17.0.3/32 -i docker0 -o docker0 -p tcp -m tcp --sport 5432 -j ACCEPT',
    ]);
  });

  test('need no rule where containers may talk anyway', () => {
    expect(linked('true', '28.5.2')).toEqual([]);
  });
});
