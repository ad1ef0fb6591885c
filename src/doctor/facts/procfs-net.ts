import { isLoopback, overlap, parseBlock } from '../../net/address.ts';
import type { NetworkLink, LinkAddress, Route } from '../../trace/network-state.ts';
import { ipv4OfHex, ipv6OfHex, lengthOfMask } from '../../net/hex-address.ts';

const GATEWAY = 0x2;
const REJECT = 0x200;
/** Of IPv6 routes only: those of table local. */
const LOCAL = 0x8000_0000;
const ANYCAST = 0x0010_0000;

const linesOf = (text: string): readonly (readonly string[])[] =>
  text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim().split(/\s+/)]));

/** IPv4 routes of table main, of /proc/PID/net/route. It has neither preferred sources nor linkdown. */
export function ipv4RoutesFrom(text: string): readonly Route[] {
  return linesOf(text)
    .slice(1)
    .map(([dev = '', to = '', via = '', flags = '', , , metric = '', mask = '']) => {
      const bits = Number.parseInt(flags, 16);
      return {
        family: 'ipv4',
        table: 'main',
        type: (bits & REJECT) === 0 ? 'unicast' : 'unreachable',
        to: `${ipv4OfHex(to)}/${String(lengthOfMask(ipv4OfHex(mask)))}`,
        via: (bits & GATEWAY) === 0 ? '' : ipv4OfHex(via),
        dev: dev === '*' ? '' : dev,
        metric: Number(metric),
        prefSource: '',
        flags: [],
      };
    });
}

/**
 * IPv6 routes of table main, of /proc/PID/net/ipv6_route, which holds all tables: those of table local, multicast, and the
 * kernel's own "nowhere" at the end are left out.
 */
export function ipv6RoutesFrom(text: string): readonly Route[] {
  return linesOf(text).flatMap(
    ([to = '', length = '', , , via = '', metric = '', , , flags = '', dev = '']) => {
      const bits = Number.parseInt(flags, 16);
      const isOwn = (bits & LOCAL) !== 0 || (bits & ANYCAST) !== 0 || metric === 'ffffffff';
      if (isOwn || (to.startsWith('ff') && length === '08')) return [];
      const isReject = (bits & REJECT) !== 0;
      return [
        {
          family: 'ipv6',
          table: 'main',
          type: isReject ? 'unreachable' : 'unicast',
          to: `${ipv6OfHex(to)}/${String(Number.parseInt(length, 16))}`,
          via: (bits & GATEWAY) === 0 ? '' : ipv6OfHex(via),
          dev: isReject && dev === 'lo' ? '' : dev,
          metric: Number.parseInt(metric, 16),
          prefSource: '',
          flags: [],
        },
      ];
    },
  );
}

const SCOPES: Readonly<Record<string, string>> = { '00': 'global', '10': 'host', '20': 'link', '40': 'site' };

/** IPv6 addresses by interface, of /proc/PID/net/if_inet6. */
export function ipv6AddressesFrom(text: string): ReadonlyMap<string, readonly LinkAddress[]> {
  const found = new Map<string, readonly LinkAddress[]>();
  for (const [hex = '', , length = '', scope = '', , dev = ''] of linesOf(text))
    found.set(dev, [
      ...(found.get(dev) ?? []),
      {
        family: 'ipv6',
        address: ipv6OfHex(hex),
        length: Number.parseInt(length, 16),
        scope: SCOPES[scope] ?? scope,
      },
    ]);
  return found;
}

/**
 * The namespace's own IPv4 addresses, of /proc/PID/net/fib_trie: every `/32 host LOCAL`, once. It does not say on which
 * interface they are.
 */
export function ipv4AddressesFrom(text: string): readonly string[] {
  const found = [...text.matchAll(/\|-- (\S+)\n(?:\s+\/\d+ .*\n)*?\s+\/32 host LOCAL/g)];
  return [...new Set(found.map(([, address = '']) => address))];
}

/**
 * Which interface each IPv4 address is on: the one whose own route (without a next hop) covers it most closely; loopback for
 * 127/8; where no route covers it, the only other interface. An address that fits none is left out.
 *
 * @param routes - of table main
 * @param names - of all interfaces
 */
export function placeAddresses(
  addresses: readonly string[],
  routes: readonly Route[],
  names: readonly string[],
): ReadonlyMap<string, readonly LinkAddress[]> {
  const own = routes
    .filter(({ family, via, dev, to }) => family === 'ipv4' && via === '' && dev !== '' && to !== '0.0.0.0/0')
    .flatMap(({ to, dev }) => {
      const block = parseBlock(to);
      return block === undefined ? [] : [{ block, dev }];
    })
    .sort((a, b) => b.block.length - a.block.length);
  const others = names.filter((name) => name !== 'lo');
  const found = new Map<string, readonly LinkAddress[]>();
  for (const address of addresses) {
    const one = parseBlock(address);
    const isLocal = isLoopback(address);
    const route = one && own.find(({ block }) => overlap(block, one));
    const dev = isLocal ? 'lo' : (route?.dev ?? (others.length === 1 ? others[0] : undefined));
    if (dev === undefined) continue;
    const length = isLocal ? 8 : (route?.block.length ?? 32);
    const scope = isLocal ? 'host' : 'global';
    found.set(dev, [...(found.get(dev) ?? []), { family: 'ipv4', address, length, scope }]);
  }
  return found;
}

const UP = 0x1;

/** What /sys/class/net/NAME shows of an interface; '' for what cannot be read. */
export interface LinkFiles {
  readonly uevent: string;
  readonly iflink: string;
  readonly mtu: string;
  readonly flags: string;
  readonly address: string;
  /** `1`, `0`, or '' while it is down: then the kernel gives no value. */
  readonly carrier: string;
}

/** An interface, of its files below /sys/class/net. A port's bridge is not given: inside a container there is none. */
export function linkFrom(name: string, files: LinkFiles, addresses: readonly LinkAddress[]): NetworkLink {
  const index = Number(/^IFINDEX=(\d+)/m.exec(files.uevent)?.[1] ?? 0);
  const other = Number(files.iflink.trim() || 0);
  // The kernel names the type of bridges, VLANs, macvlans and others, not that of a veth.
  const type = /^DEVTYPE=(\S+)/m.exec(files.uevent)?.[1];
  const isVeth = type === undefined && other !== 0 && other !== index;
  return {
    name,
    index,
    peerIndex: isVeth ? other : 0,
    kind: type ?? (isVeth ? 'veth' : ''),
    master: '',
    up: (Number(files.flags.trim() || 0) & UP) !== 0,
    carrier: files.carrier.trim() === '1',
    mtu: Number(files.mtu.trim() || 0),
    mac: files.address.trim(),
    portState: '',
    addresses,
  };
}
