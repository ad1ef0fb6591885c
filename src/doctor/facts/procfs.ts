import { isProtocol } from '../../net/protocol.ts';
import type { ListeningSocket, DockerProxy } from './facts.ts';
import { ipv4OfHex, ipv6OfWords } from '../../net/hex-address.ts';

/** The lines of a table of /proc below its head, as words. */
const rowsOf = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .slice(1)
    .flatMap((line) => (line.trim() === '' ? [] : [line.trim().split(/\s+/)]));

const LISTEN = '0A';
const UNCONNECTED = '07';

/** The kernel's count of packets dropped for their way back, from the text of /proc/net/netstat; undefined without it. */
export function reversePathDropsFrom(text: string): number | undefined {
  const [names = '', values = ''] = text.split('\n').filter((line) => line.startsWith('TcpExt:'));
  const at = names.split(' ').indexOf('IPReversePathFilter');
  return at === -1 ? undefined : Number(values.split(' ')[at]);
}

/**
 * Sockets that wait for packets, of /proc/net/tcp, tcp6, udp or udp6: TCP in state LISTEN, UDP without a peer. Each once,
 * however many processes share it.
 *
 * @param text - the file's content, of either family
 */
export function listenersFrom(text: string, proto: ListeningSocket['proto']): readonly ListeningSocket[] {
  const state = proto === 'tcp' ? LISTEN : UNCONNECTED;
  const found = new Map<string, ListeningSocket>();
  for (const [, local = '', peer = '', seen] of rowsOf(text)) {
    if (seen !== state || (proto === 'udp' && !/^0+:0000$/.test(peer))) continue;
    const [hex = '', port = ''] = local.split(':');
    const address = hex.length === 8 ? ipv4OfHex(hex) : ipv6OfWords(hex);
    found.set(local, { proto, address, port: Number.parseInt(port, 16) });
  }
  return [...found.values()];
}

/** How many TCP sockets a namespace has, of /proc/net/sockstat or sockstat6; undefined where the line is missing. */
export function tcpInUse(text: string): number | undefined {
  const count = /^TCP6?: inuse (\d+)/m.exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
}

/**
 * The container a process is in, of /proc/PID/cgroup: the innermost folder that bears a container's id, in the ways of
 * cgroupfs (`/docker/ID`), systemd (`docker-ID.scope`) and any parent the daemon was given.
 *
 * @returns the 64 hex digits; undefined for a process of the host
 */
export function containerOfCgroup(text: string): string | undefined {
  const ids = text.split('\n').map((line) => line.match(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g)?.at(-1));
  return ids.find((id) => id !== undefined);
}

/**
 * What a docker-proxy was started for, of /proc/PID/cmdline.
 *
 * @returns undefined for something else, or a proxy without addresses
 */
export function proxyFrom(cmdline: string): DockerProxy | undefined {
  const words = cmdline.split('\0');
  const valueOf = (name: string): string => words[words.indexOf(name) + 1] ?? '';
  const has = ['-proto', '-host-ip', '-host-port', '-container-ip', '-container-port'];
  if (!has.every((name) => words.includes(name))) return undefined;
  const proto = valueOf('-proto');
  return isProtocol(proto)
    ? {
        proto,
        hostIp: valueOf('-host-ip'),
        hostPort: Number(valueOf('-host-port')),
        containerIp: valueOf('-container-ip'),
        containerPort: Number(valueOf('-container-port')),
      }
    : undefined;
}

/** The `nameserver`s of a resolv.conf, in order. */
export const resolversFrom = (text: string): readonly string[] =>
  [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map(([, server = '']) => server);

/**
 * How many packets were dropped for want of conntrack space, of /proc/net/stat/nf_conntrack: `drop` and `early_drop` of all
 * processors, which the kernel prints in hexadecimal. Columns are found by their names: releases differ in number.
 *
 * @returns undefined where it has no such columns
 */
export function conntrackDropsFrom(text: string): number | undefined {
  const head = text.split('\n')[0]?.trim().split(/\s+/) ?? [];
  const columns = ['drop', 'early_drop'].map((name) => head.indexOf(name)).filter((at) => at !== -1);
  if (columns.length === 0) return undefined;
  return rowsOf(text)
    .flatMap((row) => columns.map((at) => Number.parseInt(row[at] ?? '0', 16)))
    .reduce((sum, count) => sum + count, 0);
}
