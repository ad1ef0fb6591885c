import { answersReturn, hasHostAddress } from '../docker/intent/network.ts';
import { trusts } from '../docker/intent/trusted.ts';
import type {
  FamilyIntent,
  NetworkIntent,
  OpenNetwork,
  ProxiedPort,
  PublishedIntent,
} from '../docker/intent/values.ts';
import { isLoopback } from '../net/address.ts';
import { exitFor } from '../trace/routing/route.ts';
import type { AskedFor, Asker, Should, Spot } from './cell.ts';
import type { Terrain } from './terrain.ts';

type UsedNetwork = Exclude<NetworkIntent, { kind: 'unused' }>;

/** What Docker means for one family, indexed, and where this host has an address of it. */
export interface Promises {
  readonly intent: FamilyIntent;
  /** By bridge. */
  readonly networks: ReadonlyMap<string, UsedNetwork>;
  /** Bridges on which this host has no address, by design: nothing is routed there. */
  readonly bare: ReadonlySet<string>;
  /** The interface by which this host's packets leave for an address. */
  readonly exitFor: (address: string) => string;
}

/** @param terrain - the Engine's networks, those without a bridge left out; and where routes lead */
export function promisesOf(
  intent: FamilyIntent,
  { inventory: { networks }, netState }: Pick<Terrain, 'inventory' | 'netState'>,
): Promises {
  return {
    intent,
    exitFor: (address) => exitFor(netState, address),
    networks: new Map(
      intent.networks.flatMap((one) => (one.kind === 'unused' ? [] : [[one.bridge, one] as const])),
    ),
    bare: new Set(
      networks
        .filter((network) => network.bridge !== '' && !hasHostAddress(network, intent.family))
        .map(({ bridge }) => bridge),
    ),
  };
}

/**
 * What Docker means to happen when somebody asks something.
 *
 * @param published - what is meant for the port asked, where a published one is
 */
export function shouldOf(
  asker: Asker,
  asked: AskedFor,
  published: PublishedIntent | undefined,
  promises: Promises,
): Should {
  switch (asked.what) {
    case 'published':
      if (asked.proxied !== undefined) return proxiedShould(asker, asked.at, asked.proxied, promises);
      return published === undefined ? 'no-promise' : publishedShould(asker, asked.at, published, promises);
    case 'own-port':
    case 'unpublished':
      return directShould(asker, asked, published, promises);
    case 'outside':
    case 'name-server':
      return asker.by === 'container' ? outboundShould(asker.spot, asked.address, promises) : 'no-promise';
  }
}

function publishedShould(asker: Asker, at: string, published: PublishedIntent, promises: Promises): Should {
  const { binding, bridge } = published;
  const { intent, bare } = promises;
  if (binding === undefined || bare.has(bridge)) return 'no-promise';
  switch (asker.by) {
    case 'outside':
      if (!isLoopback(at)) return asker.from === 'guests' ? 'no-promise' : 'reached';
      return binding.closedRemotely ? 'stopped' : 'no-promise';
    case 'host':
      if (!isLoopback(at)) return 'reached';
      if (intent.loopback === 'docker-proxy') return 'proxied';
      // The kernel routes nothing to or from ::1.
      return intent.family === 'ipv4' ? 'reached' : 'no-promise';
    case 'container':
      return byHostShould(asker.spot, published, promises);
  }
}

/** docker-proxy alone serves it, for whoever reaches this host; what it answers from no certain address is promised to nobody. */
function proxiedShould(
  asker: Asker,
  at: string,
  { binding }: ProxiedPort,
  { networks, bare }: Promises,
): Should {
  if (binding.proxyAnswers === 'as-routed') return 'no-promise';
  if (asker.by === 'host') return 'proxied';
  if (asker.by === 'outside') return asker.from === 'guests' || isLoopback(at) ? 'no-promise' : 'proxied';
  const own = networks.get(asker.spot.bridge);
  return own === undefined || own.kind === 'internal' || bare.has(asker.spot.bridge)
    ? 'no-promise'
    : 'proxied';
}

/** A container asks a published port by an address of this host: an answer from the address its bridge has is none. */
function byHostShould(from: Spot, { binding, bridge }: PublishedIntent, promises: Promises): Should {
  const { networks, bare } = promises;
  const own = networks.get(from.bridge);
  const other = networks.get(bridge);
  if (own === undefined || other === undefined || bare.has(from.bridge)) return 'no-promise';
  if (own.kind === 'internal') return 'no-promise';
  const proxied: Should = binding?.proxyAnswers === 'as-routed' ? 'no-promise' : 'proxied';
  if (own.asksPublished === 'docker-proxy') return proxied;
  if (own === other) {
    if (binding?.ownNetwork === 'docker-proxy') return proxied;
    return own.inside === 'open' ? 'reached' : 'no-promise';
  }
  // Isolation happens to stop these too, and docker-proxy would not: what is published is meant for everybody.
  return isKeptFrom(own, other) || !answersReturn(own, bridge) ? 'no-promise' : 'reached';
}

/** Somebody asks a container by its own address. */
function directShould(
  asker: Asker,
  asked: Extract<AskedFor, { what: 'own-port' | 'unpublished' }>,
  published: PublishedIntent | undefined,
  promises: Promises,
): Should {
  const { networks, bare, intent } = promises;
  const { spot, port } = asked;
  const to = networks.get(spot.bridge);
  if (to === undefined) return 'no-promise';
  if (asker.by === 'host') return bare.has(spot.bridge) ? 'no-promise' : 'reached';
  const past = (by: string): Should => pastBridge(by, asked, published, to, bare.has(spot.bridge));
  if (asker.by === 'outside') {
    const should = past(asker.interface);
    return should === 'reached' && asker.from === 'guests' ? 'no-promise' : should;
  }
  const from = networks.get(asker.spot.bridge);
  if (from === undefined) return 'no-promise';
  if (from === to) {
    const isLinked = intent.links.some(
      (link) => link.from === asker.spot.address && link.to === spot.address && link.port === port,
    );
    return to.inside === 'open' || isLinked ? 'reached' : 'stopped';
  }
  if (from.kind === 'internal' && from.out === 'left-to-others')
    return past(from.bridge) === 'stopped' ? 'stopped' : 'no-promise';
  if (isKeptFrom(from, to)) return 'stopped';
  const should = past(from.bridge);
  if (should !== 'reached') return should;
  const isAnswered = from.kind !== 'open' || answersReturn(from, to.bridge);
  return isAnswered && !bare.has(from.bridge) ? 'reached' : 'no-promise';
}

/** What comes in past a network's bridge, addressed to a container itself. */
function pastBridge(
  by: string,
  { what }: Extract<AskedFor, { what: 'own-port' | 'unpublished' }>,
  published: PublishedIntent | undefined,
  to: UsedNetwork,
  isBare: boolean,
): Should {
  if (to.kind === 'internal') return 'stopped';
  const { direct, unpublished } = to;
  const isTrusted = direct.closes === 'addresses' && trusts(direct.trusted, by);
  if (direct.closes === 'addresses' && !isTrusted) return 'stopped';
  if (what === 'own-port' && published?.closedDirectly === true) return 'stopped';
  if (unpublished === 'open') return isBare ? 'no-promise' : 'reached';
  if (what === 'own-port') {
    const isOpen = published?.binding === undefined || isTrusted;
    return published !== undefined && isOpen && !isBare ? 'reached' : 'no-promise';
  }
  return unpublished === 'left-to-host' ? 'no-promise' : 'stopped';
}

/** Whether a network's containers are kept from another's. */
function isKeptFrom(from: UsedNetwork, to: UsedNetwork): boolean {
  if (from.kind === 'internal' || to.kind === 'internal') return true;
  return from.others !== 'as-outside' && to.others === 'apart';
}

function outboundShould(from: Spot, address: string, { networks, bare, exitFor: exit }: Promises): Should {
  const network = networks.get(from.bridge);
  if (network === undefined) return 'no-promise';
  if (network.kind === 'internal') return 'stopped';
  return bare.has(from.bridge) || !answersReturn(network, exit(address)) ? 'no-promise' : 'reached';
}

/** As whom the packets of a network leave; undefined for one that nothing leaves. */
export const leavesAs = (promises: Promises, bridge: string): OpenNetwork['leaves'] | undefined => {
  const network = promises.networks.get(bridge);
  return network?.kind === 'open' ? network.leaves : undefined;
};
