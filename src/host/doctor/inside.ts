import type { Inside } from '../../doctor/facts/facts.ts';
import { resolversFrom } from '../../doctor/facts/procfs.ts';
import {
  ipv4AddressesFrom,
  ipv4RoutesFrom,
  ipv6AddressesFrom,
  ipv6RoutesFrom,
  linkFrom,
  placeAddresses,
} from '../../doctor/facts/procfs-net.ts';
import type { NetworkLink, LinkAddress, Route } from '../../trace/network-state.ts';
import { listProc, readInRoot, readProc } from './proc-file.ts';
import { readListeners } from './sockets.ts';

/**
 * A container's network namespace, by what /proc and the container's own /sys show of it: no process is started.
 *
 * @param pid - of a process in it
 * @param listeners - whether listening sockets are read too: they take longer than all the rest
 * @returns without interfaces where the container has no /sys of its own; undefined where the process is gone
 */
export async function readNetns(pid: number, listeners: boolean): Promise<Inside | undefined> {
  const proc = `/proc/${String(pid)}`;
  const shown = readProc(`${proc}/net/route`);
  if (shown === undefined) return undefined;
  const routes = [...ipv4RoutesFrom(shown), ...ipv6RoutesFrom(readProc(`${proc}/net/ipv6_route`) ?? '')];
  const links = linksOf(proc, routes);
  const resolvConf = readInRoot(`${proc}/root`, '/etc/resolv.conf');
  return {
    netns: `${proc}/ns/net`,
    links,
    routes,
    listeners: listeners ? await readListeners(proc) : undefined,
    resolvers: resolvConf === undefined ? undefined : resolversFrom(resolvConf),
    ownRules: undefined,
    sysctls: new Map(),
  };
}

const FILES = ['uevent', 'iflink', 'mtu', 'flags', 'address', 'carrier'] as const;

function linksOf(proc: string, routes: readonly Route[]): readonly NetworkLink[] {
  const folder = `${proc}/root/sys/class/net`;
  // What was mounted by someone in another namespace shows that one's.
  const own = namesIn(readProc(`${proc}/net/dev`) ?? '');
  const names = listProc(folder).filter((name) => own.has(name));
  if (names.length < own.size) return [];
  const addresses = ipv4AddressesFrom(readProc(`${proc}/net/fib_trie`) ?? '');
  const ipv4 = placeAddresses(addresses, routes, names);
  const ipv6 = ipv6AddressesFrom(readProc(`${proc}/net/if_inet6`) ?? '');
  return names
    .map((name): NetworkLink => {
      const placed = [...(ipv4.get(name) ?? []), ...(ipv6.get(name) ?? [])];
      return name === 'lo' ? loopback(placed) : linkFrom(name, filesOf(`${folder}/${name}`), placed);
    })
    .sort((a, b) => a.index - b.index);
}

function filesOf(folder: string): Record<(typeof FILES)[number], string> {
  const [uevent = '', iflink = '', mtu = '', flags = '', address = '', carrier = ''] = FILES.map(
    (file) => readProc(`${folder}/${file}`) ?? '',
  );
  return { uevent, iflink, mtu, flags, address, carrier };
}

/** Loopback is the same in every namespace, and has addresses only while it is up: its files need not be read. */
const loopback = (addresses: readonly LinkAddress[]): NetworkLink => ({
  name: 'lo',
  index: 1,
  peerIndex: 0,
  kind: '',
  master: '',
  up: addresses.length > 0,
  carrier: addresses.length > 0,
  mtu: 65_536,
  mac: '00:00:00:00:00:00',
  portState: '',
  addresses,
});

/** The interfaces of a namespace, of net/dev. */
const namesIn = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .split('\n')
      .slice(2)
      .flatMap((line) => (line.includes(':') ? [line.slice(0, line.indexOf(':')).trim()] : [])),
  );
