import { sh } from '../shell.ts';
import { advise, checksOf, type } from './check.ts';
import type { Check } from './diagnosis.ts';
import type { Facts } from './facts.ts';
import { membersOf } from './lookup.ts';

const { fail } = checksOf('container');

/**
 * Networks made without masquerading. That is right where the outside has a route to them; whoever asks about a container
 * there has packets that do not come back.
 *
 * @param asked - names of the containers doctor was asked about
 */
export function judgeMasquerade(facts: Facts, asked: ReadonlySet<string>): readonly Check[] {
  const plain = membersOf(facts).filter(
    ({ container, network }) =>
      asked.has(container.name) &&
      !network.internal &&
      network.options['com.docker.network.bridge.enable_ip_masquerade'] === 'false',
  );
  return plain.map(({ container: { name }, attached, network }) => {
    const subnet = network.subnets.find((one) => !one.includes(':')) ?? '';
    return fail(
      'masquerade-off',
      `network ${network.name} was made without masquerading: ${name} asks the outside as ${attached.ipv4}`,
      {
        about: name,
        meaning: 'the outside can answer only where it has a route to that network',
        evidence: ['com.docker.network.bridge.enable_ip_masquerade = false'],
        remedies: [
          type(
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
