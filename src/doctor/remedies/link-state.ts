import { blockOf, formatBlock } from '../../net/address.ts';
import type { LinkAddress, NetworkLink, NetworkState, Route } from '../../trace/network-state.ts';

type LinkedState = Pick<NetworkState, 'links' | 'routes' | 'sysctls'>;

/** A bridge as `ip link add name … type bridge` makes it. */
const NEW_BRIDGE: Omit<NetworkLink, 'name'> = {
  ...{ index: 0, peerIndex: 0, kind: 'bridge', master: '', up: false, carrier: false },
  ...{ mtu: 1500, mac: '', portState: '', addresses: [] },
};

/**
 * Interfaces and routes once an interface has other fields; one that is not there is made, a bridge with the settings that new interfaces
 * get. One that is set up has a carrier, and the routes of its addresses.
 */
export function withLink(state: LinkedState, name: string, fields: Partial<NetworkLink>): LinkedState {
  const known = state.links.find((link) => link.name === name);
  const { addresses: given, ...rest } = { ...NEW_BRIDGE, ...known, ...fields };
  const link: NetworkLink = {
    ...rest,
    name,
    ...(fields.up === true && { carrier: true }),
    addresses: given,
  };
  const links =
    known === undefined ? [...state.links, link] : state.links.map((held) => (held === known ? link : held));
  const now: LinkedState = {
    links,
    routes: state.routes,
    sysctls: known === undefined ? withDefaults(state.sysctls, name) : state.sysctls,
  };
  if (fields.up !== true) return now;
  return given.reduce((before, address) => withRoutes(before, name, address), now);
}

/** What the kernel writes for a new interface: `conf/default`. */
function withDefaults(sysctls: LinkedState['sysctls'], name: string): LinkedState['sysctls'] {
  const made = [...sysctls].flatMap(([path, value]) => {
    const [, head, setting] = /^(ipv[46]\/conf\/)default\/(.+)$/.exec(path) ?? [];
    return setting === undefined ? [] : [[`${head ?? ''}${name}/${setting}`, value] as const];
  });
  return new Map([...sysctls, ...made]);
}

/** Interfaces and routes once an interface has one address more. */
export function withAddress(state: LinkedState, dev: string, address: LinkAddress): LinkedState {
  const link = state.links.find(({ name }) => name === dev);
  if (link === undefined) return state;
  const links = state.links.map((held) =>
    held === link ? { ...held, addresses: [...held.addresses, address] } : held,
  );
  const now = { ...state, links };
  return link.up ? withRoutes(now, dev, address) : now;
}

/** The routes that the kernel makes of an address: to its network, and to itself (fib_frontend.c, fib_add_ifaddr). */
function withRoutes(state: LinkedState, dev: string, { family, address, length }: LinkAddress): LinkedState {
  const width = family === 'ipv4' ? 32 : 128;
  const whole = blockOf(`${address}/${String(length)}`);
  if (whole === undefined) return state;
  const to = formatBlock(whole);
  const metric = family === 'ipv4' ? 0 : 256;
  const made: readonly Route[] = [
    {
      ...{ family, table: 'main', type: 'unicast', to, via: '', dev, metric },
      ...{ prefSource: family === 'ipv4' ? address : '', flags: [] },
    },
    {
      ...{
        family,
        table: 'local',
        type: 'local',
        to: `${address}/${String(width)}`,
        via: '',
        dev,
        metric: 0,
      },
      ...{ prefSource: address, flags: [] },
    },
  ];
  // Where no table `local` was read, it is made of the addresses.
  const isRead = state.routes.some((route) => route.table === 'local' && route.family === family);
  const added = made.filter(
    (one) =>
      (isRead || one.table !== 'local') &&
      !state.routes.some(
        (held) =>
          held.table === one.table && held.to === one.to && held.dev === dev && held.type === one.type,
      ),
  );
  const usable = state.routes.map((route) =>
    route.dev === dev && route.flags.length > 0
      ? { ...route, flags: route.flags.filter((flag) => flag !== 'linkdown' && flag !== 'dead') }
      : route,
  );
  return { ...state, routes: [...usable, ...added] };
}
