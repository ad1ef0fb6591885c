import { sameBlock } from '../../../net/address.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Followed } from '../../paths/follow.ts';
import { checksOf } from '../check.ts';
import { closingRemedy, type ClosedTo } from './closing-remedies.ts';
import { asksForOriginal, closingRules, isForDoors, type ClosingRule } from './closing-rules.ts';
import { sendersOf } from './closing-senders.ts';

const { warn } = checksOf('path');

/**
 * Rules that ask for what was asked before any translation (`--ctorigdstport`, `--ctorigdst`), and name the container's port or address: from
 * outside this host's was asked.
 */
export function judgeAskedInVain(followed: Followed, facts: Facts): Check | undefined {
  const { request, path } = followed;
  const { packet, goal } = request;
  if (goal.to !== 'container') return undefined;
  const { family, protocol: proto, destination: address, destinationPort: port } = packet;
  const inside = { address: path.last.destination, port: path.last.destinationPort, proto };
  // The container's port at this host's address was not asked either.
  const unasked = [inside, { ...inside, address }];
  const doors = { by: packet.inInterface, out: goal.bridge };
  const subnets = facts.networks.flatMap((network) => network.subnets);
  // What another container's port is published as it closes rightly.
  const isPublished = (asks: ClosingRule['asks']): boolean =>
    facts.ports.some(
      ({ hostPort, proto: other }) =>
        hostPort !== undefined && asksForOriginal(asks, { address, port: hostPort, proto: other }),
    );
  const closing = facts.netState.rulesets
    .flatMap((rules) => closingRules(rules, family))
    .find(
      ({ asks, view, into }) =>
        into === undefined &&
        unasked.some((one) => asksForOriginal(asks, one)) &&
        !isPublished(asks) &&
        // Without an interface it may be for what containers ask outside.
        view.inInterface?.negated === false &&
        isForDoors(view, doors, subnets),
    );
  if (closing === undefined) return undefined;
  const { rule, asks } = closing;
  const by = asks.ports === undefined ? 'address' : 'port';
  const [named, was] = by === 'port' ? [String(inside.port), String(port)] : [inside.address, address];
  const [subject = ''] = request.subjects;
  // With one of both made right it would still see nothing.
  const isBoth = asks.ports !== undefined && asks.address !== undefined && !sameBlock(asks.address, address);
  return warn(
    'closed-in-vain',
    `a rule in ${rule.chain} asks for connections to ${by} ${named}, and outside asks ${subject} at ${by} ${was}: it does not close that`,
    {
      about: subject,
      meaning:
        '--ctorigdst and --ctorigdstport are what was asked of this host, before the translation to the container',
      evidence: [rule.text, `path: ${request.name}`],
      remedies: isBoth ? [] : closingRemedy(followed, facts, by, closedTo(closing)),
    },
  );
}

/** Whom the rule closes it to; one that asks for an address and a port says more than is said again. */
function closedTo({ asks, view }: ClosingRule): ClosedTo {
  if (asks.ports !== undefined && asks.address !== undefined) return 'other';
  const options = view.options.filter(({ name }) => !name.startsWith('--ctorigdst'));
  return sendersOf({ ...view, options }) ?? 'other';
}
