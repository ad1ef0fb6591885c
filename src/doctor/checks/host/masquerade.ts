import { sh } from '../../../shell.ts';
import { advise, checksOf, byCommands } from '../check.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { membersOf } from '../../lookup.ts';

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
          byCommands(
            'masquerade it yourself',
            sh`iptables -w -t nat -A POSTROUTING -s ${subnet} ! -o ${network.bridge} -j MASQUERADE`,
          ),
          advise('or give the outside a route to that network'),
        ],
        impairs: [name],
      },
    );
  });
}
