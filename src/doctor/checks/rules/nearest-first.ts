import type { Finding } from '../../../reconcile/finding.ts';
import type { Facts } from '../../facts/facts.ts';
import { membersOf } from '../../lookup.ts';

/**
 * Findings about the target before the others: about a container, its address, its network or its bridge.
 *
 * @param names - of the containers the diagnosis is about; none for the whole host
 */
export function nearestFirst(
  findings: readonly Finding[],
  names: ReadonlySet<string>,
  facts: Pick<Facts, 'networks' | 'containers'>,
): readonly Finding[] {
  const members = membersOf(facts).filter(({ container }) => names.has(container.name));
  const own = new Set(
    members.flatMap(({ container, attached: { ipv4, ipv6 }, network: { name, bridge, subnets } }) => [
      ...[container.name, ipv4, ipv6, name, bridge],
      ...subnets,
    ]),
  );
  own.delete('');
  const isNear = ({ rule = '', consequence }: Finding): boolean =>
    `${rule} ${consequence}`
      .split(/[\s,()]+/)
      .some((word) =>
        [word, word.replace(/\/(?:32|128)$/, ''), word.replace(/:\d+$/, '')].some((each) => own.has(each)),
      );
  return [...findings.filter(isNear), ...findings.filter((finding) => !isNear(finding))];
}
