import { blockOf } from '../../../net/address.ts';
import { checksOf } from '../check.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { membersOf } from '../../lookup.ts';
import { appendRule } from '../../remedies/iptables.ts';
import { makeTable } from '../../remedies/own-table.ts';
import { harmless } from '../../remedies/offer.ts';
import { advise, proposal, type Proposal } from '../../remedies/proposal.ts';

const { fail } = checksOf('container');

/**
 * Networks made without masquerading. That is right where the outside has a route to them; elsewhere replies do not come
 * back, which matters to a diagnosis of their containers.
 *
 * @param named - names of the containers the diagnosis is about
 */
export function judgeMasquerade(facts: Facts, named: ReadonlySet<string>): readonly Check[] {
  const plain = membersOf(facts).filter(
    ({ container, network }) => named.has(container.name) && !network.internal && !network.masquerade,
  );
  return plain.map(({ container: { name }, attached, network }) => {
    const subnet = network.subnets.find((one) => !one.includes(':')) ?? '';
    return fail(
      'masquerade-off',
      `network ${network.name} was made without masquerading: ${name} asks the outside as ${attached.ipv4}`,
      {
        about: name,
        meaning: 'the outside can answer only where it has a route to that network',
        evidence: [`docker network inspect ${network.name}: enable_ip_masquerade is off`],
        remedies: [
          ...masqueraded(subnet, network.bridge, facts),
          advise('or give the outside a route to that network'),
        ],
        impairs: [name],
      },
    );
  });
}

/** The command that masquerades a subnet of a network, where it opens nothing. */
export const masqueraded = (subnet: string, bridge: string, facts: Facts): readonly Remedy[] =>
  harmless(masquerading(subnet, bridge, facts), facts);

function masquerading(subnet: string, bridge: string, facts: Facts): readonly Proposal[] {
  const { variant } = facts;
  const family = subnet.includes(':') ? 'ipv6' : 'ipv4';
  // Both come from the Engine, and root pastes the command.
  if (variant === undefined || blockOf(subnet) === undefined || !/^[\w.-]+$/.test(bridge)) return [];
  if (facts.tables !== undefined) {
    const own = {
      ...{
        table: family === 'ipv6' ? 'ip6 host-nat' : 'ip host-nat',
        chain: 'postrouting',
        hook: 'type nat hook postrouting priority srcnat',
      },
      rule: `oifname != "${bridge}" ${family === 'ipv6' ? 'ip6' : 'ip'} saddr ${subnet} masquerade`,
    };
    return [proposal('masquerade it yourself, in a table of your own', makeTable(own))];
  }
  const rule = `-A POSTROUTING -s ${subnet} ! -o ${bridge} -j MASQUERADE`;
  return [proposal('masquerade it yourself', appendRule(rule, { variant, family, table: 'nat' }, facts))];
}
