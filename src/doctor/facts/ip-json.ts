import { isRecord, listOf, textOf, type Json, recordOf } from '../../docker/inventory/inventory.ts';
import type { Family } from '../../net/family.ts';
import type { NetworkLink, LinkAddress, Route, RouteRule } from '../../trace/network-state.ts';

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
const wordsOf = (value: unknown): readonly string[] => listOf(value).map(textOf);

/** Flags of interfaces on which the kernel asks for no neighbour (arp.c, arp_constructor; ndisc.c, ndisc_constructor). */
const ASKS_NOBODY: ReadonlySet<string> = new Set(['NOARP', 'POINTOPOINT', 'LOOPBACK']);

/**
 * Interfaces with their addresses.
 *
 * @param shown - the parsed JSON of `ip -details -json address show`
 */
export function linksFrom(shown: unknown): readonly NetworkLink[] {
  const all = listOf(shown).filter(isRecord);
  const byName = new Map(all.map((one) => [textOf(one['ifname']), numberOf(one['ifindex'])]));
  return all.flatMap((one) => {
    const name = textOf(one['ifname']);
    if (name === '') return [];
    const info = recordOf(one['linkinfo']);
    const flags = wordsOf(one['flags']);
    const kind = textOf(info['info_kind']);
    // A peer in this namespace is given by name, one in another by index. Others name their lower device.
    const peer = numberOf(one['link_index']) || (byName.get(textOf(one['link'])) ?? 0);
    return [
      {
        name,
        index: numberOf(one['ifindex']),
        peerIndex: kind === 'veth' ? peer : 0,
        kind,
        master: textOf(one['master']),
        up: flags.includes('UP'),
        carrier: flags.includes('LOWER_UP'),
        mtu: numberOf(one['mtu']),
        mac: textOf(one['address']),
        ...(flags.some((flag) => ASKS_NOBODY.has(flag)) && { asksNobody: true }),
        portState: '',
        ...portFrom(info),
        addresses: listOf(one['addr_info']).filter(isRecord).flatMap(addressFrom),
      },
    ];
  });
}

/** What an interface is as the port of a bridge. */
function portFrom(info: Json): Pick<NetworkLink, 'portState' | 'hairpin' | 'isolated'> | undefined {
  if (textOf(info['info_slave_kind']) !== 'bridge') return undefined;
  const { state, hairpin, isolated } = recordOf(info['info_slave_data']);
  return { portState: textOf(state), hairpin: hairpin === true, isolated: isolated === true };
}

function addressFrom(info: Json): readonly LinkAddress[] {
  const address = textOf(info['local']);
  if (address === '') return [];
  const family: Family = textOf(info['family']) === 'inet6' ? 'ipv6' : 'ipv4';
  return [{ family, address, length: numberOf(info['prefixlen']), scope: textOf(info['scope']) }];
}

const EVERY = { ipv4: '0.0.0.0/0', ipv6: '::/0' } as const;
const WIDTH = { ipv4: 32, ipv6: 128 } as const;

/**
 * Routes of all tables; one with several next hops as one route for each.
 *
 * @param shown - the parsed JSON of `ip -4 -json route show table all`, or `-6`
 */
export function routesFrom(shown: unknown, family: Family): readonly Route[] {
  return listOf(shown)
    .filter(isRecord)
    .flatMap((one) => {
      const hops = listOf(one['nexthops']).filter(isRecord);
      return (hops.length === 0 ? [one] : hops).map((hop) => ({
        family,
        table: tableFrom(one['table']) || 'main',
        type: textOf(one['type']) || 'unicast',
        to: targetFrom(textOf(one['dst']), family),
        via: textOf(hop['gateway']) || textOf(recordOf(hop['via'])['host']),
        dev: textOf(hop['dev']),
        metric: numberOf(one['metric']),
        prefSource: textOf(one['prefsrc']),
        flags: wordsOf(hop['flags']),
      }));
    });
}

function targetFrom(dst: string, family: Family): string {
  if (dst === 'default') return EVERY[family];
  return dst.includes('/') ? dst : `${dst}/${String(WIDTH[family])}`;
}

/**
 * Rules of policy routing, by priority. `fields` holds what ip prints beside priority and table, each as text; a word
 * without a value (`not`, `l3mdev`) is ''.
 *
 * @param shown - the parsed JSON of `ip -json rule show`, or of `ip -6 -json rule show`
 */
export function routeRulesFrom(shown: unknown, family: Family): readonly RouteRule[] {
  return listOf(shown)
    .filter(isRecord)
    .map(({ priority, table, ...others }) => ({
      family,
      priority: numberOf(priority),
      table: tableFrom(table),
      fields: Object.fromEntries(Object.entries(others).map(([name, value]) => [name, plainText(value)])),
    }))
    .sort((a, b) => a.priority - b.priority);
}

const tableFrom = (table: unknown): string => (typeof table === 'number' ? String(table) : textOf(table));

const plainText = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
