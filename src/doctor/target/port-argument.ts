import { parseBlock } from '../../net/address.ts';
import type { DoctorTarget } from '../diagnosis.ts';

export type PortTarget = Extract<DoctorTarget, { kind: 'port' }>;

const PORT = /^(?:\[([^\]]+)\]|([^:/]*)):(\d{1,5})(?:\/(tcp|udp))?$/;
/** The parts of RFC 3986 that decide where packets go: scheme, host, port. */
const URL = /^([a-z][a-z0-9+.-]*):\/\/(?:[^@/?#]*@)?(?:\[([^\]]+)\]|([^:/?#]*))(?::(\d{1,5}))?(?:[/?#].*)?$/i;
const USUAL_PORTS: Readonly<Record<string, string>> = {
  ...{ http: '80', https: '443', ws: '80', wss: '443', ftp: '21', amqp: '5672', mqtt: '1883' },
  ...{ mongodb: '27017', mysql: '3306', postgres: '5432', postgresql: '5432', redis: '6379' },
};

/** An IPv6 address without the brackets that URLs have around it. */
export const unbracketed = (word: string): string => word.replace(/^\[([^\]]*)\]$/, '$1');

/** Whether that is one address, and no block of them. */
export const isAddress = (word: string): boolean => !word.includes('/') && parseBlock(word) !== undefined;

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT`, `:PORT`, each with `/udp` behind it or not, or a URL, whose scheme may imply the port.
 * Undefined for anything else.
 */
export function readPort(argument: string): PortTarget | undefined {
  const [, ipv6, host, port, proto] = PORT.exec(argument) ?? [];
  if (port !== undefined) return portTarget(ipv6 ?? host ?? '', port, proto);
  const [, scheme = '', urlIpv6, urlHost, urlPort] = URL.exec(argument) ?? [];
  return portTarget(
    urlIpv6 ?? urlHost ?? '',
    urlPort ?? USUAL_PORTS[scheme.toLowerCase()] ?? '',
    scheme.toLowerCase(),
  );
}

/** As {@link readPort}; a bare number is a port too. */
export const portOrNumber = (argument: string): PortTarget | undefined =>
  readPort(argument) ?? (/^\d+(?:\/(?:tcp|udp))?$/.test(argument) ? readPort(`:${argument}`) : undefined);

function portTarget(address: string, port: string, proto: string | undefined): PortTarget | undefined {
  const number = Number(port);
  if (port === '' || number === 0 || number > 65_535) return undefined;
  return { kind: 'port', address, port: number, proto: proto === 'udp' ? 'udp' : 'tcp' };
}
