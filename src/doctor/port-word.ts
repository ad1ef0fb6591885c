import type { Target } from './diagnosis.ts';

const PORT = /^(?:\[([^\]]+)\]|([^:/]*)):(\d{1,5})(?:\/(tcp|udp))?$/;

/** Reads `HOST:PORT`, `[IPV6]:PORT`, `:PORT`, each with `/udp` behind it or not. Undefined for anything else. */
export function readPort(word: string): Extract<Target, { kind: 'port' }> | undefined {
  const [, ipv6, host, port = '', proto] = PORT.exec(word) ?? [];
  const number = Number(port);
  if (port === '' || number === 0 || number > 65_535) return undefined;
  return { kind: 'port', address: ipv6 ?? host ?? '', port: number, proto: proto === 'udp' ? 'udp' : 'tcp' };
}
