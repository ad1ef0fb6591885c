import type { Engine } from '../lab/engine.ts';
import { httpProbe, outboundProbe, udpProbe } from '../lab/probe.ts';
import { CLIENT, HOST } from '../lab/wire.ts';

/** Each way a packet can take, and whom the other end saw; undefined where no answer came. */
export type Traffic = Readonly<Record<string, string | undefined>>;

/** IPv4 address of a container that is on one network. */
export async function addressOf({ docker }: Engine, container: string): Promise<string> {
  return await docker([
    'inspect',
    '-f',
    '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
    container,
  ]);
}

/** Sends real packets every way at once: from outside to each published port, from each container out, across networks. */
export async function trafficOf(engine: Engine): Promise<Traffic> {
  const web = await addressOf(engine, 'web');
  const ways: Readonly<Record<string, Promise<string | undefined>>> = {
    'client to web, tcp': httpProbe(engine, HOST.ipv4, 8080),
    'client to web, udp': udpProbe(engine, HOST.ipv4, 5353),
    'client to api, tcp': httpProbe(engine, HOST.ipv4, 9000),
    'client to api, udp': udpProbe(engine, HOST.ipv4, 5454),
    'client to api, tcp over IPv6': httpProbe(engine, HOST.ipv6, 9000),
    'client to api, udp over IPv6': udpProbe(engine, HOST.ipv6, 5454),
    'web to client': outboundProbe(engine, 'web'),
    'api to client': outboundProbe(engine, 'api'),
    'api to client over IPv6': outboundProbe(engine, 'api', 'ipv6'),
    'api to web across networks': httpProbe(engine, web, 80, { from: { container: 'api' }, seconds: 1 }),
  };
  return Object.fromEntries(
    await Promise.all(Object.entries(ways).map(async ([way, answer]) => [way, await answer] as const)),
  );
}

/** All is well: containers see the client itself, the client sees the host, networks do not see each other. */
export const ALL_WELL: Traffic = {
  'client to web, tcp': CLIENT.ipv4,
  'client to web, udp': CLIENT.ipv4,
  'client to api, tcp': CLIENT.ipv4,
  'client to api, udp': CLIENT.ipv4,
  'client to api, tcp over IPv6': CLIENT.ipv6,
  'client to api, udp over IPv6': CLIENT.ipv6,
  'web to client': HOST.ipv4,
  'api to client': HOST.ipv4,
  'api to client over IPv6': HOST.ipv6,
  'api to web across networks': undefined,
};
