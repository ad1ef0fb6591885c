import type { Family } from '../iptables/model.ts';
import { eraOf } from './era.ts';
import { writeIngress, writeOverlays } from './expected-swarm.ts';
import { writeLink, writePort, writeRawEndpoint } from './expected-ports.ts';
import { writeNetwork } from './expected-network.ts';
import type { Inventory, LiveNetwork } from './inventory.ts';
import type { HostRules } from './ownership.ts';
import { RuleBook } from './rule-book.ts';
import type { Settings } from './settings.ts';
import { writeNatJumps, type Writing } from './writing.ts';

/**
 * Every rule the Engine calls for, in `iptables-save`'s spelling, in the order dockerd would write them: at its start,
 * then network by network, then container by container. Source: docker-rules §1, proven on 20.10, 26.1 and 28.5.
 *
 * @returns undefined for an Engine before 18.03.1, whose layout is not known here
 */
export function expectedRules(inventory: Inventory, settings: Settings): HostRules | undefined {
  const era = eraOf(inventory.version);
  if (era === undefined) return undefined;
  const write = (family: Family) => {
    const book = new RuleBook();
    writeFamily({ family, era, settings, book, inventory });
    return book.ruleset();
  };
  return { ipv4: write('ipv4'), ipv6: settings.ip6tables ? write('ipv6') : { tables: new Map() } };
}

function writeFamily(writing: Writing): void {
  const { inventory } = writing;
  const bridges = inventory.networks
    .filter(({ bridge }) => bridge !== '')
    // docker0 is made when the daemon starts, before all others.
    .sort((a, b) => rank(a) - rank(b) || a.created.localeCompare(b.created));
  writeDaemon(writing);
  for (const network of bridges) writeNetwork(writing, network);
  writeUserChain(writing);
  const byBridge = new Map(bridges.map((network) => [network.bridge, network]));
  for (const endpoint of inventory.endpoints) {
    const network = byBridge.get(endpoint.bridge);
    if (network !== undefined) writeRawEndpoint(writing, network, endpoint);
  }
  for (const port of inventory.ports) {
    const network = byBridge.get(port.endpoint?.bridge ?? '');
    if (network !== undefined) writePort(writing, network, port);
  }
  for (const link of inventory.links) {
    const network = byBridge.get(link.bridge);
    if (network !== undefined) writeLink(writing, network, link);
  }
  if (writing.family !== 'ipv4') return;
  writeIngress(writing);
  writeOverlays(writing);
}

const rank = ({ options }: LiveNetwork): number =>
  options['com.docker.network.bridge.default_bridge'] === 'true' ? 0 : 1;

/** What is written at daemon start, whatever networks there are. */
function writeDaemon(writing: Writing): void {
  const { book, era, settings } = writing;
  book.create('nat', 'DOCKER');
  book.create('filter', 'DOCKER');
  if (era.isolation === 'stages') {
    for (const chain of ['DOCKER-ISOLATION-STAGE-1', 'DOCKER-ISOLATION-STAGE-2']) {
      book.create('filter', chain);
      if (era.layout === 'forward') book.append('filter', chain, '-j RETURN');
    }
  }
  if (era.natJumpsAtStart) writeNatJumps(writing);
  if (era.layout === 'sets') writeSetJumps(writing);
  if (era.layout !== 'chains') return;
  for (const chain of ['DOCKER-FORWARD', 'DOCKER-CT', 'DOCKER-BRIDGE']) book.create('filter', chain);
  const isolation = era.isolation === 'stages' ? 'DOCKER-ISOLATION-STAGE-1' : 'DOCKER-INTERNAL';
  book.create('filter', isolation);
  if (settings.acceptMark !== '')
    book.append('filter', 'DOCKER-FORWARD', `-m mark --mark ${settings.acceptMark} -j ACCEPT`);
  for (const chain of ['DOCKER-CT', isolation, 'DOCKER-BRIDGE'])
    book.append('filter', 'DOCKER-FORWARD', `-j ${chain}`);
  book.append('filter', 'FORWARD', '-j DOCKER-FORWARD');
}

/** 28.0.0 alone asks address sets instead of bridges. */
function writeSetJumps({ book, family }: Writing): void {
  const set = `-m set --match-set docker-ext-bridges-${family === 'ipv4' ? 'v4' : 'v6'} dst`;
  book.append('filter', 'FORWARD', `${set} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`);
  book.append('filter', 'FORWARD', '-j DOCKER-ISOLATION-STAGE-1');
  book.append('filter', 'FORWARD', `${set} -j DOCKER`);
}

function writeUserChain({ book, era, family }: Writing): void {
  if (family === 'ipv6' && !era.userIpv6) return;
  book.create('filter', 'DOCKER-USER');
  if (era.userReturn) book.append('filter', 'DOCKER-USER', '-j RETURN');
  book.raise('filter', 'FORWARD', '-j DOCKER-USER');
}
