import type { HostIntent } from '../../docker/intent/values.ts';
import type { Inventory } from '../../docker/inventory/inventory.ts';
import { listNames } from '../../doctor/checks/check.ts';
import {
  isUnavailable,
  type ListeningSocket,
  type Unavailable,
  type Unseen,
} from '../../doctor/facts/facts.ts';
import { networkStateOf, type HostNetwork } from '../../doctor/facts/network-state.ts';
import { asksSets } from '../../doctor/facts/rules-state.ts';
import { orUnavailable, unreadOf, unseen, unseenTogether } from '../../doctor/facts/unavailable.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { isAny } from '../../net/address.ts';
import { FAMILIES, familyOf, type Family } from '../../net/family.ts';
import { proxyKey, type Terrain } from '../../reach/terrain.ts';
import type { UnreadPart } from '../../reconcile/verdict/effect.ts';
import type { VariantRules } from '../../trace/network-state.ts';
import { readAllSets, readBesideSets } from '../diagnose/read-network.ts';
import type { TerrainReader } from './ports.ts';

/** What a terrain is made of beside the rules and the Engine's reply: read once in a command, for whatever rules it asks about. */
export interface TerrainSurroundings {
  readonly network: Omit<HostNetwork, 'sets'>;
  /** Sockets of this host that wait for packets: docker-proxy's among them. */
  readonly listeners: readonly ListeningSocket[];
  readonly nameServers: readonly string[];
}

/** Reads interfaces, routes, the kernel's settings, nftables' own tables and listening sockets, side by side. */
export async function readSurroundings(host: TerrainReader): Promise<TerrainSurroundings> {
  const [network, listeners] = await Promise.all([readBesideSets(host), host.readListeners()]);
  return { network, listeners, nameServers: host.readNameServers() };
}

/** The rules of both variants, as far as they hold any, and the sets that they ask. */
export interface RulesAround {
  readonly rulesets: readonly VariantRules[];
  readonly sets: HostNetwork['sets'];
  /** Why the other variant's rules could not be read; undefined where they were, and where it holds none. */
  readonly unread?: Unavailable | undefined;
}

/**
 * Reads what belongs to rules already read: the other variant's, and sets where any of them asks one.
 *
 * @param live - the variant Docker uses
 */
export async function readAround(
  host: Pick<TerrainReader, 'readOther' | 'readSets'>,
  live: Live,
): Promise<RulesAround> {
  const other = await orUnavailable(host.readOther(live.variant).then((read) => ({ read })));
  const read = isUnavailable(other) ? undefined : other.read;
  const rulesets = [live, ...(read === undefined ? [] : [read])].map(({ variant, rules }) => ({
    variant,
    rules,
  }));
  return {
    rulesets,
    sets: await readAskedSets(host, rulesets),
    ...(isUnavailable(other) ? { unread: other } : {}),
  };
}

/** What `ipset save` prints, where a rule asks a set: a host with large sets pays for them only then. */
export const readAskedSets = async (
  host: Pick<TerrainReader, 'readSets'>,
  rulesets: readonly VariantRules[],
): Promise<HostNetwork['sets']> => (asksSets(rulesets) ? readAllSets(host) : { saved: '' });

/** All that a terrain is made of. */
export interface TerrainParts extends RulesAround {
  readonly intent: HostIntent;
  readonly inventory: Terrain['inventory'];
  readonly surroundings: TerrainSurroundings;
}

/** A terrain, and what of it could not be read: cells that depend on that are unknown. */
export interface ReadTerrain {
  readonly terrain: Terrain;
  readonly unseen: readonly Unseen[];
}

/** What could not be read, once for each reason. */
export const unreadParts = (unseen: readonly Unseen[]): readonly UnreadPart[] =>
  unseenTogether(unseen).map(({ parts, unavailable, hint }) => ({
    what: listNames(parts, 6),
    why: unavailable,
    hint,
  }));

/** What the Engine said and is not judged, each by itself. */
export const setAsideParts = ({ setAside = [] }: Pick<Inventory, 'setAside'>): readonly UnreadPart[] =>
  setAside.map(({ what, why }) => ({
    what,
    why: `${why}: its rules are neither judged nor repaired`,
    hint: undefined,
    isAside: true,
  }));

/** Puts together what was read. */
export function terrainOf({
  intent,
  inventory,
  surroundings,
  rulesets,
  sets,
  unread,
}: TerrainParts): ReadTerrain {
  const { network, listeners, nameServers } = surroundings;
  const { netState, unseen: missing } = networkStateOf({ ...network, sets }, rulesets);
  const lacking = [...(unread === undefined ? [] : unseen('rules', unread)), ...missing];
  return {
    terrain: {
      intent,
      inventory,
      netState: { ...netState, unread: unreadOf(lacking) },
      proxies: servedPorts(listeners, intent),
      nameServers,
    },
    unseen: lacking,
  };
}

/**
 * Ports that docker-proxy serves: those somebody listens on, where the daemon is set to have one. Docker starts no container whose port is
 * taken, so that whoever listens at a published address and port is its docker-proxy; and five hundred of its processes are not looked at
 * one by one. Sockets of SCTP are not listed anywhere: that they are served is taken from the setting.
 */
export function servedPorts(listeners: readonly ListeningSocket[], intent: HostIntent): Terrain['proxies'] {
  const isAlone = (family: Family): boolean => family === 'ipv6' && intent.proxied.length > 0;
  const served = FAMILIES.filter((family) => intent[family]?.loopback === 'docker-proxy' || isAlone(family));
  const listening = listeners.map(({ proto, address, port }) =>
    proxyKey(familyOf(address), proto, isAny(address) ? '' : address, port),
  );
  const sctp = served.flatMap((family) =>
    [...(intent[family]?.published ?? []), ...(isAlone(family) ? intent.proxied : [])].flatMap(
      ({ binding, proto }) =>
        binding === undefined || proto !== 'sctp' ? [] : [proxyKey(family, proto, '', binding.port)],
    ),
  );
  return new Set(
    [...listening, ...sctp].filter((key) => served.some((family) => key.startsWith(`${family} `))),
  );
}
