import { hostPort } from '../../../net/address.ts';
import { listNames } from '../../checks/check.ts';
import { blindSpots } from './blind-spots.ts';
import { fateOf } from './fates.ts';
import {
  addressless,
  fleetHost,
  targetsOf,
  type FleetHost,
  type FleetTarget,
  type HostFate,
} from './host.ts';
import { judgePeerFacts } from '../freshness.ts';
import type { PeerHost } from '../peer.ts';

/** One reason for which ways between hosts are cut, or not known. */
export interface FleetCause {
  readonly host: string;
  /** In one line: `DROP by a rule of filter FORWARD: -A FORWARD -j DROP`. */
  readonly what: string;
  readonly verdict: 'fail' | 'unknown';
  /** How many ways it is the reason for; 0 where it is not known which ways there are. */
  readonly ways: number;
  /** Hosts that do not reach it, or that it does not reach. */
  readonly hosts: readonly string[];
  /** The published ports concerned: `api, host-b 198.51.100.20:8080/tcp`. */
  readonly ports: readonly string[];
}

/** Who reaches what of a fleet. */
export interface FleetMatrix {
  readonly hosts: readonly string[];
  /** Published ports that are asked for. */
  readonly ports: number;
  /** From a network of each other host to each of them. */
  readonly ways: number;
  readonly open: number;
  /** The one for most ways first. */
  readonly causes: readonly FleetCause[];
  readonly verdict: 'ok' | 'fail' | 'unknown';
  /** What is to be known of the facts themselves: how old they are, and by which versions they were written. */
  readonly notes: readonly string[];
}

/**
 * Who reaches which published port of a fleet, from one container of each network of every other host. Packets that nothing on a host tells apart are
 * followed once there. What is not followed is no way, and is told: without it nobody is said to reach everything. Pure.
 *
 * @param peers - each with a name of its own
 */
export function fleetMatrix(peers: readonly PeerHost[]): FleetMatrix {
  const all = peers.map(fleetHost);
  const causes = new Causes();
  let [ways, open] = [0, 0];
  for (const asked of all)
    for (const asking of all) {
      if (asking === asked) continue;
      const { targets, unasked } = targetsOf(asked, asking);
      for (const target of targets)
        for (const asker of asking.askers) {
          if (addressless(asker, target)) continue;
          ways++;
          const found = fateOf(asker, target, asking, asked);
          if (found === undefined) open++;
          else causes.add(found, { target, asking, asked });
        }
      if (unasked.length > 0 && asking.askers.length > 0)
        causes.tell(asked.peer, `it has no address but such as ${asking.peer.about.host} has too`);
    }
  for (const peer of peers) for (const what of blindSpots(peer)) causes.tell(peer, what);
  const told = causes.told();
  const hosts = peers.map(({ about }) => about.host);
  const isNothing = ways === 0 && told.length === 0;
  return {
    ...{ hosts, ways, open },
    ports: all.reduce((sum, { served }) => sum + served.length, 0),
    causes: isNothing ? [unknownCause(listNames(hosts), NOTHING)] : told,
    verdict: told.some(({ verdict }) => verdict === 'fail')
      ? 'fail'
      : told.length > 0 || isNothing
        ? 'unknown'
        : 'ok',
    notes: judgePeerFacts(peers).map(({ title, meaning }) => `${title}: ${meaning}`),
  };
}

const NOTHING = 'no container of one has a port to ask for that another publishes';

const unknownCause = (host: string, what: string): FleetCause => ({
  ...{ host, what, verdict: 'unknown', ways: 0 },
  ...{ hosts: [], ports: [] },
});

/** Causes by host and words, with the ways each is the reason for. */
class Causes {
  readonly #found = new Map<
    string,
    { readonly cause: FleetCause; readonly hosts: Set<string>; readonly ports: Set<string>; ways: number }
  >();

  /** One more way that is not open. */
  add(
    { at, fate }: { readonly at: FleetHost; readonly fate: HostFate },
    {
      target,
      asking,
      asked,
    }: { readonly target: FleetTarget; readonly asking: FleetHost; readonly asked: FleetHost },
  ): void {
    const entry = this.#entry(at.peer, fate.what, fate.verdict === 'fail' ? 'fail' : 'unknown');
    const { published, address, port, proto } = target;
    entry.ways++;
    entry.hosts.add((at === asked ? asking : asked).peer.about.host);
    entry.ports.add(`${published.container}, ${asked.peer.about.host} ${hostPort(address, port)}/${proto}`);
  }

  /** What is not known, of nobody knows how many ways. */
  tell(peer: PeerHost, what: string): void {
    this.#entry(peer, what, 'unknown');
  }

  /** The one for most ways first. */
  told(): readonly FleetCause[] {
    return [...this.#found.values()]
      .map(({ cause, ways, hosts, ports }) => ({ ...cause, ways, hosts: [...hosts], ports: [...ports] }))
      .sort((a, b) => b.ways - a.ways);
  }

  #entry({ about: { host } }: PeerHost, what: string, verdict: FleetCause['verdict']) {
    const key = `${host} ${what}`;
    const entry = this.#found.get(key) ?? {
      cause: { ...unknownCause(host, what), verdict },
      ...{ hosts: new Set<string>(), ports: new Set<string>(), ways: 0 },
    };
    this.#found.set(key, entry);
    return entry;
  }
}
