import { formatBlock, blockOf } from '../../net/address.ts';
import { sh } from '../../shell.ts';
import type { NetworkLink, NetworkState, Route, RouteRule } from '../../trace/network-state.ts';
import { addressKey, difference, type Difference } from './difference.ts';

/** How an interface was, and how it is. */
export interface LinkChange {
  readonly was: NetworkLink | undefined;
  readonly is: NetworkLink | undefined;
}

/** Commands that take a change of the network back. */
export interface NetworkUndo {
  /** In this order. */
  readonly commands: readonly string[];
  /** Whether nothing is left afterwards. */
  readonly isWhole: boolean;
}

/** What a command changed of a network beside rules. */
export interface NetworkEdits {
  /** Paths below /proc/sys/net, with the value before; undefined where there was none. */
  readonly settings: readonly (readonly [path: string, before: string | undefined])[];
  readonly links: readonly LinkChange[];
  readonly routes: Difference<Route>;
  readonly rules: Difference<RouteRule>;
  /** As it is now. */
  readonly after: Pick<NetworkState, 'routeRules'>;
}

/** What takes a change of settings, interfaces, routes and routing rules back. What no command is known for is left, and `isWhole` false. */
export function undoOf({ settings, links, routes, rules, after }: NetworkEdits): NetworkUndo {
  const parts = [
    undoSettings(settings),
    ...links.map(undoLink),
    undoRoutes(routes, links),
    undoRules(rules, after.routeRules),
  ];
  return {
    commands: parts.flatMap(({ commands }) => commands),
    isWhole: parts.every(({ isWhole }) => isWhole),
  };
}

/** `net.ipv4.ip_forward`, as sysctl names it. */
export const dotted = (path: string): string =>
  `net.${path.replaceAll('.', '\0').replaceAll('/', '.').replaceAll('\0', '/')}`;

/** The setting that another one follows, as each interface follows the one for all; undefined where that one did not change, or there is none. */
export function leaderOf(path: string, changed: ReadonlySet<string>): string | undefined {
  const [, family = '', place = '', name = ''] = /^(ipv[46])\/conf\/(.+)\/(\w+)$/.exec(path) ?? [];
  const leaders = [
    ...(family === 'ipv4' && name === 'forwarding' ? ['ipv4/ip_forward'] : []),
    ...(family === '' || place === 'all' ? [] : [`${family}/conf/all/${name}`]),
  ];
  return leaders.find((leader) => changed.has(leader));
}

function undoSettings(settings: NetworkEdits['settings']): NetworkUndo {
  const was = new Map(settings);
  const changed = new Set(was.keys());
  // What follows is set back with the one it follows, where both were alike.
  const own = settings.filter(([path, before]) => {
    const leader = leaderOf(path, changed);
    return leader === undefined || was.get(leader) !== before;
  });
  // Those that others follow come first.
  const ordered = own.sort(
    ([a], [b]) => Number(leaderOf(a, changed) !== undefined) - Number(leaderOf(b, changed) !== undefined),
  );
  return {
    commands: ordered.flatMap(([path, before]) =>
      before === undefined ? [] : [sh`sysctl -w ${`${dotted(path)}=${before}`}`],
    ),
    isWhole: own.every(([, before]) => before !== undefined),
  };
}

const NOTHING: NetworkUndo = { commands: [], isWhole: true };
const LOST: NetworkUndo = { commands: [], isWhole: false };

function undoLink({ was, is }: LinkChange): NetworkUndo {
  if (is === undefined) return LOST;
  if (was === undefined) return { commands: [sh`ip link del ${is.name}`], isWhole: true };
  const { gone, added } = difference(was.addresses, is.addresses, addressKey);
  const isRest = was.up && is.up && was.master === is.master && gone.length === 0 && was.master === '';
  return {
    commands: [
      ...(was.up && !is.up ? [sh`ip link set ${is.name} up`] : []),
      ...added
        .filter(({ scope }) => scope !== 'link')
        .map(({ address, length }) => sh`ip addr del ${`${address}/${String(length)}`} dev ${is.name}`),
    ],
    // An interface that goes down loses routes and addresses: which of them come back by themselves nobody knows.
    isWhole: isRest,
  };
}

/** Routes that go with an interface, or with one of its addresses, are the kernel's own to take back. */
function isOfLink({ dev, to, prefSource, via }: Route, links: readonly LinkChange[]): boolean {
  return links.some(({ was, is }) => {
    if (is?.name !== dev) return false;
    if (was === undefined) return true;
    const added = difference(was.addresses, is.addresses, addressKey).added;
    return (
      via === '' &&
      added.some(({ address, length }) => {
        const block = blockOf(`${address}/${String(length)}`);
        return prefSource === address || (block !== undefined && formatBlock(block) === to);
      })
    );
  });
}

function undoRoutes({ gone, added }: Difference<Route>, links: readonly LinkChange[]): NetworkUndo {
  const own = added.filter((route) => !isOfLink(route, links) && route.table !== 'local');
  return {
    commands: [
      ...own.map((route) => `${ipOf(route)} route del ${routeWords(route)}`),
      ...gone
        .filter(({ table }) => table !== 'local')
        .map((route) => `${ipOf(route)} route add ${routeWords(route)}`),
    ],
    isWhole:
      [...gone, ...own].every(
        ({ flags, table }) => table === 'local' || flags.every((one) => SAID.has(one)),
      ) &&
      // Several next hops are several routes here, and one for `ip`: the second is there already.
      [gone, own].every((routes) => {
        const names = routes.filter(({ table }) => table !== 'local').map(routeName);
        return new Set(names).size === names.length;
      }),
  };
}

/** Flags of a route that its command says, or that are its interface's. */
const SAID: ReadonlySet<string> = new Set(['onlink', 'linkdown', 'dead']);

/** What `ip route add` tells routes apart by. */
const routeName = ({ family, table, to, metric }: Route): string => [family, table, to, metric].join(' ');

const ipOf = ({ family }: Pick<Route, 'family'>): string => (family === 'ipv6' ? 'ip -6' : 'ip');

/** A route as `ip route add` and `del` take it. */
function routeWords({ type, to, via, dev, table, metric, prefSource, flags }: Route): string {
  return [
    ...(type === 'unicast' ? [] : [sh`${type}`]),
    to.endsWith('/0') ? 'default' : sh`${to}`,
    ...(via === '' ? [] : [sh`via ${via}`]),
    ...(dev === '' ? [] : [sh`dev ${dev}`]),
    ...(via === '' && dev !== '' && type === 'unicast' && prefSource !== ''
      ? ['proto kernel scope link']
      : []),
    ...(prefSource === '' ? [] : [sh`src ${prefSource}`]),
    ...(flags.includes('onlink') ? ['onlink'] : []),
    ...(metric === 0 ? [] : [sh`metric ${metric}`]),
    ...(table === 'main' ? [] : [sh`table ${table}`]),
  ].join(' ');
}

function undoRules({ gone, added }: Difference<RouteRule>, now: readonly RouteRule[]): NetworkUndo {
  // By its number alone: of several with one number the first would go.
  const isAlone = ({ family, priority }: RouteRule): boolean =>
    now.filter((one) => one.family === family && one.priority === priority).length === 1;
  const alone = added.filter(isAlone);
  return gone.length > 0
    ? { ...LOST, commands: alone.map(deletes) }
    : alone.length === 0
      ? { ...NOTHING, isWhole: added.length === 0 }
      : { commands: alone.map(deletes), isWhole: alone.length === added.length };
}

const deletes = (rule: RouteRule): string => `${ipOf(rule)} rule del pref ${String(rule.priority)}`;
