import { engineStateOf } from '../../doctor/facts/engine-state.ts';
import { isUnavailable, type Facts } from '../../doctor/facts/facts.ts';
import { networkStateOf } from '../../doctor/facts/network-state.ts';
import { unreadOf, unseen } from '../../doctor/facts/unavailable.ts';
import { fleetMatrix, type FleetMatrix } from '../../doctor/peers/fleet/matrix.ts';
import type { PeerHost } from '../../doctor/peers/peer.ts';
import type { FactsJson } from '../../doctor/recorded/facts-json.ts';
import { readingsFrom } from '../../doctor/recorded/read-facts.ts';
import type { Readings, SourceReading } from '../../doctor/recorded/readings.ts';
import { unavailableBy } from '../../doctor/facts/unavailable.ts';
import { decidesAnything } from '../../firewall/iptables/text/model.ts';
import { refuseCopies } from './same-host.ts';
import { toldApart } from './told-apart.ts';

/**
 * Who reaches which published port of a fleet, by the facts of its hosts.
 *
 * @param documents - each with what it is called in a fault
 * @param now - milliseconds since 1970
 * @throws Fault RG_USAGE where one host is there twice
 */
export function fleetOf(
  documents: readonly (readonly [source: string, json: FactsJson])[],
  now: number,
): FleetMatrix {
  const read = documents.map(([source, json]) => {
    const { about, readings } = readingsFrom(json, source);
    const facts = packetFacts(readings);
    const peer: PeerHost = { about, facts, age: (now - Date.parse(about.time)) / 1000 };
    return { source, peer };
  });
  refuseCopies(read);
  const peers = read.map(({ peer }) => peer);
  return fleetMatrix(
    read.map(({ source, peer }) =>
      toldApart(
        peer,
        source,
        peers.filter((one) => one !== peer),
      ),
    ),
  );
}

const orNot = <Value, Read extends object>(reading: SourceReading<Value>, read: (value: Value) => Read) =>
  'fault' in reading ? unavailableBy(reading.fault) : read(reading.gave);

/** What packets are followed by, without all that is only told of a host: Docker's rules are not compared with anything. */
function packetFacts(readings: Readings): Facts {
  const { rules, engine, containers, proxies, listeners, nameServers, sysctls } = readings;
  const read =
    'fault' in rules ? [] : [rules.gave.nft, ...(rules.gave.legacy === undefined ? [] : [rules.gave.legacy])];
  const rulesets = read.filter((one) => decidesAnything(one.rules));
  const { netState, unseen: lacking } = networkStateOf(
    {
      sets: orNot(readings.sets, (saved) => ({ saved })),
      natives: orNot(readings.natives, (tables) => ({ tables })),
      links: orNot(readings.links, (links) => links),
      routing: [orNot(readings.routing.ipv4, (one) => one), orNot(readings.routing.ipv6, (one) => one)],
      sysctls,
    },
    rulesets,
  );
  const listed = orNot(containers, (one) => one);
  const all = [
    ...('fault' in rules ? unseen('rules', unavailableBy(rules.fault)) : []),
    ...lacking,
    ...(isUnavailable(listed) ? unseen('containers', listed) : []),
  ];
  return {
    engine: engineStateOf(engine, undefined, { proxies, daemons: [] }),
    drift: { findings: [], rules: 0, baseline: undefined },
    owned: undefined,
    variant: undefined,
    leftovers: [],
    netState: { ...netState, unread: unreadOf(all) },
    networks: engine.inventory?.networks ?? [],
    setAside: engine.inventory?.setAside,
    containers: isUnavailable(listed) ? [] : listed,
    ports: engine.inventory?.ports ?? [],
    conntrack: undefined,
    conntrackDrops: undefined,
    listeners,
    proxies,
    nameServers,
    managers: [],
    unseen: all,
  };
}
