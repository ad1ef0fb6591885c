import { addressKey, difference, type Difference } from './difference.ts';
import { dotted, leaderOf, undoOf, type LinkChange, type NetworkUndo } from './undo.ts';
import type { NetworkLink, NetworkState, Route, RouteRule } from '../../trace/network-state.ts';

/** A host's network without the rules of iptables. */
export type NetworkBeside = Omit<NetworkState, 'rulesets' | 'unread' | 'cutFrom' | 'whole'>;

/** What a command did in a copy of a host's network. */
export interface NetworkChange {
  /** The host's own network as the command would leave it. */
  readonly network: NetworkBeside;
  /** What changes, one line each, as people name it. */
  readonly changes: readonly string[];
  /** Of these: tables of nftables that no packet gets to, before or after. */
  readonly idle: readonly string[];
  /** Of these: what nothing here says the effect of. */
  readonly unjudged: readonly string[];
  /** Tables of nftables that it makes: `inet mine`. */
  readonly tablesMade: readonly string[];
  /** Whether a rollback of rules, sets and nftables' tables takes all of it back. */
  readonly isRolledBack: boolean;
  /** What takes back settings, routes, routing rules, interfaces and addresses. */
  readonly undo: NetworkUndo;
}

/**
 * Gives a host's network what a command did in a copy of it. The copy need not be exact: only its difference counts.
 *
 * @param before - the copy before the command
 * @param after - the copy after it
 */
export function changedNetwork(
  host: NetworkBeside,
  before: NetworkBeside,
  after: NetworkBeside,
): NetworkChange {
  const settings = [...after.sysctls].filter(
    ([path, value]) => before.sysctls.get(path) !== value && !COUNTS_NOTHING.test(path),
  );
  const changed = new Set(settings.map(([path]) => path));
  const told = settings.filter(([path]) => leaderOf(path, changed) === undefined);
  const routes = difference(before.routes.filter(isLasting), after.routes.filter(isLasting), routeKey);
  const rules = difference(before.routeRules, after.routeRules, ruleKey);
  const links = linkChanges(before.links, after.links);
  const natives = nativeChanges(before.natives, after.natives);
  const sets = setChanges(before.sets, after.sets);
  const ports = links.filter(({ was, is }) => [was, is].some((link) => (link?.master ?? '') !== ''));
  return {
    network: {
      sets: sets.length === 0 ? host.sets : after.sets,
      natives: withNatives(host.natives, natives),
      links: withLinks(host.links, links),
      routes: applied(host.routes, routes, routeKey),
      routeRules: applied(host.routeRules, rules, ruleKey),
      sysctls: new Map([...host.sysctls, ...settings]),
    },
    changes: [
      ...told.map(([path, value]) => `${dotted(path)} = ${value}`),
      ...links.map(linkWords),
      ...routes.gone.map((route) => `route gone: ${routeWords(route)}`),
      ...routes.added.map((route) => `route added: ${routeWords(route)}`),
      ...rules.gone.map((rule) => `routing rule gone: ${ruleWords(rule)}`),
      ...rules.added.map((rule) => `routing rule added: ${ruleWords(rule)}`),
      ...sets.map((name) => `set ${name}`),
      ...natives.map(tableWords),
    ],
    idle: natives.filter((change) => isIdle(change, before.natives)).map(tableWords),
    unjudged: ports.map(linkWords),
    tablesMade: natives.flatMap(({ table }) =>
      (before.natives ?? []).some((one) => one.table === table) ? [] : [table],
    ),
    isRolledBack: settings.length === 0 && links.length === 0 && isEmpty(routes) && isEmpty(rules),
    undo: undoOf({
      settings: settings.map(([path]) => [path, before.sysctls.get(path)]),
      ...{ links, routes, rules, after },
    }),
  };
}

/** Read with the settings, and decides about no packet: how many connections there are, and may be. */
const COUNTS_NOTHING = /^netfilter\/|\/ip_local_port_range$/;

const isEmpty = ({ gone, added }: Difference<unknown>): boolean => gone.length === 0 && added.length === 0;

function applied<Value>(
  host: readonly Value[],
  { gone, added }: Difference<Value>,
  keyOf: (value: Value) => string,
): readonly Value[] {
  if (isEmpty({ gone, added })) return host;
  const out = new Set(gone.map(keyOf));
  return [...host.filter((one) => !out.has(keyOf(one))), ...added];
}

/** Without its flags: a copy of an interface has no carrier where the host's has one. */
const routeKey = ({ family, table, type, to, via, dev, metric, prefSource }: Route): string =>
  [family, table, type, to, via, dev, metric, prefSource].join(' ');

/** Not one of a link alone: the kernel gives those a moment after the interface came up. */
const isLasting = ({ to }: Route): boolean => !/^f(?:e80:|f\d\d:)/.test(to);

const ruleKey = ({ family, priority, table, fields }: RouteRule): string =>
  [family, priority, table, JSON.stringify(fields)].join(' ');

function linkChanges(before: readonly NetworkLink[], after: readonly NetworkLink[]): readonly LinkChange[] {
  const is = new Map(after.map((link) => [link.name, link]));
  const was = new Set(before.map(({ name }) => name));
  return [
    ...before.flatMap((link) => {
      const now = is.get(link.name);
      return now !== undefined && linkKey(link) === linkKey(now) ? [] : [{ was: link, is: now }];
    }),
    ...after.filter(({ name }) => !was.has(name)).map((link) => ({ was: undefined, is: link })),
  ];
}

const linkKey = ({ up, master, addresses, isolated, hairpin, portState }: NetworkLink): string =>
  JSON.stringify([
    up,
    master,
    ...(master === '' ? [] : [isolated, hairpin, portState]),
    addresses
      .filter(({ scope }) => scope !== 'link')
      .map(addressKey)
      .sort(),
  ]);

function withLinks(host: readonly NetworkLink[], changes: readonly LinkChange[]): readonly NetworkLink[] {
  if (changes.length === 0) return host;
  const byName = new Map(changes.map((change) => [change.was?.name ?? change.is?.name ?? '', change]));
  const known = new Set(host.map(({ name }) => name));
  return [
    ...host.flatMap((link) => {
      const change = byName.get(link.name);
      return change === undefined ? [link] : linkAfter(link, change);
    }),
    // Whether its other end is there nobody knows: one that is gives more to judge.
    ...changes.flatMap(({ is }) =>
      is === undefined || known.has(is.name) ? [] : [{ ...is, carrier: is.up }],
    ),
  ];
}

function linkAfter(host: NetworkLink, { was, is }: LinkChange): readonly NetworkLink[] {
  if (is === undefined) return [];
  const addresses = difference(was?.addresses ?? [], is.addresses, addressKey);
  const switched = was?.up !== is.up;
  return [
    {
      ...host,
      ...(switched && { up: is.up, carrier: is.up }),
      master: is.master === was?.master ? host.master : is.master,
      addresses: applied(host.addresses, addresses, addressKey),
    },
  ];
}

const tableWords = ({ table }: NativeChange): string => `nftables table ${table}`;

/** Whether no chain of a table hangs on a hook, as it was and as it is: only from one do packets get to others. */
const isIdle = ({ table, text = '' }: NativeChange, before: NetworkBeside['natives']): boolean =>
  [text, before?.find((one) => one.table === table)?.text ?? ''].every(
    (one) => !/\b(?:hook|flowtable)\b/.test(one),
  );

interface NativeChange {
  readonly table: string;
  /** Undefined where the table is gone. */
  readonly text: string | undefined;
}

function nativeChanges(
  before: NetworkBeside['natives'],
  after: NetworkBeside['natives'],
): readonly NativeChange[] {
  const was = new Map((before ?? []).map(({ table, text }) => [table, text]));
  const is = new Map((after ?? []).map(({ table, text }) => [table, text]));
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((table) =>
    was.get(table) === is.get(table) ? [] : [{ table, text: is.get(table) }],
  );
}

function withNatives(
  host: NetworkBeside['natives'],
  changes: readonly NativeChange[],
): NetworkBeside['natives'] {
  if (changes.length === 0) return host;
  const changed = new Set(changes.map(({ table }) => table));
  return [
    ...(host ?? []).filter(({ table }) => !changed.has(table)),
    ...changes.flatMap(({ table, text }) => (text === undefined ? [] : [{ table, text }])),
  ];
}

function setChanges(before: NetworkBeside['sets'], after: NetworkBeside['sets']): readonly string[] {
  const textOf = (sets: NetworkBeside['sets'], name: string): string => JSON.stringify(sets?.get(name));
  const names = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
  return [...names].filter((name) => textOf(before, name) !== textOf(after, name));
}

function linkWords({ was, is }: LinkChange): string {
  if (is === undefined) return `interface ${was?.name ?? ''} gone`;
  if (was === undefined) return `interface ${is.name} added`;
  if (was.up !== is.up) return `interface ${is.name} ${is.up ? 'up' : 'down'}`;
  const { gone, added } = difference(was.addresses, is.addresses, addressKey);
  const addresses = [
    ...gone.map(({ address }) => `${address} gone`),
    ...added.map(({ address }) => `${address} added`),
  ];
  return `interface ${is.name}${addresses.length === 0 ? ' changed' : `: ${addresses.join(', ')}`}`;
}

function routeWords({ type, to, via, dev, table }: Route): string {
  const target = to.endsWith('/0') ? 'default' : to;
  return [
    ...(type === 'unicast' ? [] : [type]),
    target,
    ...(via === '' ? [] : ['via', via]),
    ...(dev === '' ? [] : ['dev', dev]),
    ...(table === 'main' ? [] : ['table', table]),
  ].join(' ');
}

const ruleWords = ({ priority, table, fields }: RouteRule): string =>
  [
    `${String(priority)}:`,
    ...Object.entries(fields).flatMap(([name, value]) => (name === 'srclen' ? [] : [name, value])),
    ...(table === '' ? [] : ['lookup', table]),
  ]
    .filter((word) => word !== '')
    .join(' ');
