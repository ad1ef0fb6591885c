import { iptablesIn } from '../../../firewall/iptables/text/tools.ts';
import { makePacket } from '../../../trace/packet.ts';
import type { Stopped } from '../../../trace/path.ts';
import type { NetworkState } from '../../../trace/network-state.ts';
import { tracePath } from '../../../trace/trace.ts';
import { sh } from '../../../shell.ts';
import { advise } from '../../remedies/proposal.ts';
import { checksOf } from '../check.ts';
import { deletion } from '../../remedies/iptables.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts, Inside } from '../../facts/facts.ts';
import { within } from './inside-commands.ts';
import { insideLinkOf, insideOf, membersOf, type Member } from '../../lookup.ts';
import { likelyPort } from '../../paths/aims.ts';

const { fail } = checksOf('container');

/** Firewalls of containers' own, inside their network namespaces: whether they stop what reaches, or leaves, the container. */
export function judgeInsideRules(facts: Facts): readonly Check[] {
  return membersOf(facts).flatMap((member) => {
    const inside = insideOf(member.container);
    if (inside?.ownRules === undefined || inside.ownRules.length === 0) return [];
    const end = stopIn(member, inside, facts);
    return end === undefined ? [] : [judgeStop(member, inside, end)];
  });
}

function stopIn({ container, attached }: Member, inside: Inside, facts: Facts): Stopped | undefined {
  const link = insideLinkOf(inside, attached);
  if (link === undefined || attached.ipv4 === '') return undefined;
  const netState: NetworkState = {
    rulesets: inside.ownRules ?? [],
    sets: undefined,
    natives: [],
    links: inside.links,
    routes: inside.routes,
    routeRules: [],
    sysctls: inside.sysctls,
  };
  const peer = attached.gateway === '' ? attached.ipv4 : attached.gateway;
  const { proto, port } = likelyPort(container, facts.ports);
  const base = { family: 'ipv4', protocol: proto } as const;
  const ends = [
    {
      ...base,
      source: peer,
      destination: attached.ipv4,
      destinationPort: port,
      sourcePort: 40_123,
      inInterface: link.name,
    },
    {
      ...base,
      source: attached.ipv4,
      destination: peer,
      destinationPort: 40_123,
      sourcePort: port,
      state: 'ESTABLISHED' as const,
    },
    { ...base, source: attached.ipv4, destination: peer, destinationPort: 443, sourcePort: 40_123 },
  ].map((packet) => tracePath(makePacket(packet), netState).end);
  return ends.find((end) => end.at === 'stopped');
}

function judgeStop(
  { container: { name } }: Member,
  inside: Inside,
  { table, chain, rule, variant, target }: Stopped,
): Check {
  const tool = iptablesIn('ipv4', variant);
  const command = rule === undefined ? sh`${tool} -P ${chain} ACCEPT` : `${tool} ${deletion(rule, table)}`;
  return fail(
    'container-firewall',
    `${name} has a firewall of its own, and it ${target === 'REJECT' ? 'refuses' : 'drops'} packets`,
    {
      about: name,
      meaning: 'the rules of this host do not show it: it is inside the container',
      evidence: [`${table} ${chain} inside: ${rule?.text ?? `policy ${target}`}`],
      // What the container itself means to close, nobody knows here.
      remedies: [
        advise(
          `if it is not wanted, take it out where ${name} sets it up; until it is started again: ${within(inside, command)}`,
        ),
      ],
      impairs: [name],
    },
  );
}
