import type { FamilyIntent, HostIntent } from '../../../docker/intent/values.ts';
import type { HostRules, Ruleset } from '../text/model.ts';
import { writeNetwork } from './network.ts';
import { writeEndpoint, writeLink, writePort } from './ports.ts';
import { RuleBook } from './rule-book.ts';
import { writeIngress, writeOverlay } from './swarm.ts';
import { writeNatJumps, type WritingStyle, type WriteContext } from './writing.ts';

/**
 * The rules that say with iptables what Docker means, in `iptables-save`'s spelling, in the order dockerd would write them: at
 * its start, then network by network, then container by container. Source: docs/reference/docker-iptables.md, proven on 20.10,
 * 26.1, 28.5 and 29.7.
 */
export const expectedRules = ({ ipv4, ipv6 }: HostIntent, style: WritingStyle): HostRules => ({
  ipv4: writeFamily(ipv4, style),
  ipv6: ipv6 === undefined ? { tables: new Map() } : writeFamily(ipv6, style),
});

function writeFamily(intent: FamilyIntent, style: WritingStyle): Ruleset {
  const book = new RuleBook();
  const writing: WriteContext = { ...style, intent, book };
  writeDaemon(writing);
  for (const network of intent.networks) writeNetwork(writing, network);
  writeUserChain(writing);
  for (const endpoint of intent.endpoints) writeEndpoint(writing, endpoint);
  for (const port of intent.published) writePort(writing, port);
  for (const link of intent.links) writeLink(writing, link);
  if (intent.mesh !== undefined) writeIngress(writing, intent.mesh);
  for (const overlay of intent.overlays) writeOverlay(writing, overlay);
  return book.ruleset();
}

/** What is written at daemon start, whatever networks there are. */
function writeDaemon(writing: WriteContext): void {
  const { book, era, intent } = writing;
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
  if (intent.admittedMark !== '')
    book.append('filter', 'DOCKER-FORWARD', `-m mark --mark ${intent.admittedMark} -j ACCEPT`);
  for (const chain of ['DOCKER-CT', isolation, 'DOCKER-BRIDGE'])
    book.append('filter', 'DOCKER-FORWARD', `-j ${chain}`);
  book.append('filter', 'FORWARD', '-j DOCKER-FORWARD');
}

/** 28.0.0 alone asks address sets instead of bridges. */
function writeSetJumps({ book, intent }: WriteContext): void {
  const set = `-m set --match-set docker-ext-bridges-${intent.family === 'ipv4' ? 'v4' : 'v6'} dst`;
  book.append('filter', 'FORWARD', `${set} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`);
  book.append('filter', 'FORWARD', '-j DOCKER-ISOLATION-STAGE-1');
  book.append('filter', 'FORWARD', `${set} -j DOCKER`);
}

function writeUserChain({ book, era, intent }: WriteContext): void {
  if (intent.family === 'ipv6' && !era.userIpv6) return;
  book.create('filter', 'DOCKER-USER');
  if (era.userReturn) book.append('filter', 'DOCKER-USER', '-j RETURN');
  book.raise('filter', 'FORWARD', '-j DOCKER-USER');
}
