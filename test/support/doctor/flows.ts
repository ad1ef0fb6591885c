import { CLIENT, HOST } from '../lab/wire.ts';
import type { Place } from '../matrix/city.ts';
import type { Pair } from '../matrix/pairs.ts';

/** Where the running containers of a scene are. */
export type Places = ReadonlyMap<string, Place>;

/** One packet's way through a scene, and what comes of it where all is well. */
export interface Flow extends Pair {
  /** Who answers and whom it saw (`web saw 192.0.2.2`), or `silence` where nothing must pass. */
  readonly wanted: string;
}

/** Port of the engine's machine itself that a service without container waits on. */
export const HOST_SERVICE = 9100;

/**
 * A flow by its name, `FROM → ADDRESS:PORT/PROTOCOL`, with a name of its own for what is easier read so.
 * @param name what follows the arrow
 */
export function flow(from: string, name: string, target: string, wanted: string, sender?: string): Flow {
  const [, address = '', port = '', protocol = ''] = /^(.+):(\d+)\/(tcp|udp|bulk|dns)$/.exec(target) ?? [];
  return {
    name: `${from} → ${name}`,
    from,
    protocol: protocol as Pair['protocol'],
    address,
    port: Number(port),
    about: [],
    wanted,
    ...(sender === undefined ? {} : { sender }),
  };
}

const { ipv4, ipv6 } = HOST;

const published = (): readonly Flow[] => [
  flow('client', 'web:8080', `${ipv4}:8080/tcp`, `web saw ${CLIENT.ipv4}`),
  flow('client', 'web:8080 bulk', `${ipv4}:8080/bulk`, `web saw ${CLIENT.ipv4}`),
  flow('client', 'web:5353/udp', `${ipv4}:5353/udp`, `web saw ${CLIENT.ipv4}`),
  flow('client', 'shop:8081', `${ipv4}:8081/tcp`, `shop saw ${CLIENT.ipv4}`),
  flow('client', 'shop:8081 bulk', `${ipv4}:8081/bulk`, `shop saw ${CLIENT.ipv4}`),
  flow('client', 'api:9000', `${ipv4}:9000/tcp`, `api saw ${CLIENT.ipv4}`),
  flow('client', 'api6:9000', `${ipv6}:9000/tcp`, `api saw ${CLIENT.ipv6}`),
];

const fromHost = ({ web, shop, api }: Record<'web' | 'shop' | 'api', Place>): readonly Flow[] => [
  flow('host', 'web', `${web.ipv4}:80/tcp`, 'web saw 172.17.0.1'),
  flow('host', 'shop', `${shop.ipv4}:80/tcp`, 'shop saw 172.28.1.1'),
  flow('host', 'api6', `${api.ipv6}:80/tcp`, 'api saw fd00:6::1'),
  flow('host', 'own:8080', `${ipv4}:8080/tcp`, `web saw ${ipv4}`),
  flow('host', 'loopback:8081', '127.0.0.1:8081/tcp', 'shop saw 172.28.1.1'),
];

const outbound = (): readonly Flow[] => [
  flow('web', 'client', `${CLIENT.ipv4}:80/tcp`, ipv4),
  flow('web', 'client udp', `${CLIENT.ipv4}:5353/udp`, ipv4),
  flow('shop', 'client', `${CLIENT.ipv4}:80/tcp`, ipv4),
  flow('api', 'client', `${CLIENT.ipv4}:80/tcp`, ipv4),
  flow('api', 'client6', `${CLIENT.ipv6}:80/tcp`, ipv6),
];

const among = ({ web, shop }: Record<'web' | 'shop', Place>): readonly Flow[] => [
  flow('mate', 'web', `${web.ipv4}:80/tcp`, 'web saw 172.17.0.3'),
  flow('desk', 'shop', `${shop.ipv4}:80/tcp`, 'shop saw 172.28.1.12'),
  flow('desk', 'name of shop', '127.0.0.11:53/dns', shop.ipv4, 'shop'),
  flow('mate', 'shop, another network', `${shop.ipv4}:80/tcp`, 'silence'),
  flow('api', 'web, another network', `${web.ipv4}:81/tcp`, 'silence'),
  flow('mate', 'shop:8081 by host', `${ipv4}:8081/tcp`, 'shop saw 172.28.1.1'),
  flow('desk', 'shop:8081 by host', `${ipv4}:8081/tcp`, 'shop saw 172.28.1.1'),
  flow('web', 'host service', `${ipv4}:${String(HOST_SERVICE)}/tcp`, 'host saw 172.17.0.2'),
];

/** Every flow of the steady scene; those that must not pass are among them. */
export function flowsOf(places: Places): readonly Flow[] {
  const at = (name: string): Place => places.get(name) ?? { ipv4: '203.0.113.1', ipv6: '2001:db8:dead::1' };
  const known = { web: at('web'), shop: at('shop'), api: at('api') };
  return [...published(), ...fromHost(known), ...outbound(), ...among(known)];
}

/** The names that patterns mean, `*` standing for any text. @throws Error for one that no flow has */
export function flowNames(flows: readonly Flow[], patterns: readonly string[]): ReadonlySet<string> {
  return new Set(
    patterns.flatMap((pattern) => {
      const escaped = pattern.replace(/[.+?^$()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
      const whole = new RegExp(`^${escaped}$`);
      const names = flows.map(({ name }) => name).filter((name) => whole.test(name));
      if (names.length === 0) throw new Error(`no flow is called ${pattern}`);
      return names;
    }),
  );
}
