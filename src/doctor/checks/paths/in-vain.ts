import { USER_CHAIN } from '../../../firewall/iptables/ownership/chain-shapes.ts';
import { jumpGraph } from '../../../firewall/iptables/text/jumps.ts';
import { rulesOf, type Rule, type Table } from '../../../firewall/iptables/text/model.ts';
import { targetOf, viewRule } from '../../../firewall/iptables/text/view.ts';
import type { Family } from '../../../net/family.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Followed } from '../../paths/follow.ts';
import { checksOf } from '../check.ts';
import { closingRemedy, leadingRemedy, type AskedBy, type ClosedTo } from './closing-remedies.ts';
import { closingNatives, isNativeForDoors, nativeAsksFor, nativeAsksPort } from './closing-natives.ts';
import {
  asksFor,
  asksPort,
  closingRules,
  isForDoors,
  type ClosingRule,
  type Receiver,
} from './closing-rules.ts';
import { isForEverybody, sendersOf } from './closing-senders.ts';
import { judgeAskedInVain } from './in-vain-asked.ts';
import { judgeInput } from './in-vain-input.ts';

const { warn } = checksOf('path');

/**
 * Published ports that outside reaches although a rule was written to close them: in DOCKER-USER by the port of this host, where packets
 * have the container's by then; or in the filter of what is for this host itself, which packets for containers never meet.
 *
 * @param isWhole - nobody asked about these ports: a filter that closes all that it is not told of closed none of them
 */
export function judgeInVain(
  followed: readonly (readonly Followed[])[],
  facts: Facts,
  isWhole: boolean,
): readonly Check[] {
  const seen = new Set<string>();
  const told = new Set<string>();
  return followed.flatMap((ways) => {
    const [first] = ways;
    if (first?.request.kind !== 'published' || ways.some(({ outcome }) => outcome.is !== 'reached'))
      return [];
    const { packet } = first.request;
    const key = `${packet.inInterface} ${packet.destination} ${packet.protocol} ${String(packet.destinationPort)}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return (
      judgeMissing(first, facts, told) ??
      judgeAskedInVain(first, facts) ??
      judgeInput(first, facts, isWhole) ??
      []
    );
  });
}

/**
 * Rules for forwarded packets that close what was asked of this host, and see the container.
 *
 * @param told - rules by this host's address that were told: one of them is for all its ports
 */
function judgeMissing(followed: Followed, facts: Facts, told: Set<string>): Check | undefined {
  const unled = facts.tables === undefined ? undefined : judgeUnled(followed, facts);
  if (unled !== undefined) return unled;
  const { request, path } = followed;
  const [subject = ''] = request.subjects;
  const missing = missingRule(followed, facts);
  if (missing === undefined) return undefined;
  const { chain, text, by, to, leading } = missing;
  if (by === 'address' && told.has(text)) return undefined;
  told.add(text);
  const [asked, met] =
    by === 'port'
      ? [request.packet.destinationPort, path.last.destinationPort]
      : [request.packet.destination, path.last.destination];
  return warn(
    'closed-in-vain',
    `a rule in ${chain} asks for ${by} ${String(asked)}, and packets for ${subject} have ${by} ${String(met)} there: it ${leading === undefined ? 'closes nothing' : `leads nothing to ${leading.into ?? ''}`}`,
    {
      about: subject,
      meaning: `${chain} comes behind the translation to the container, whose ${by} it sees`,
      evidence: [text, `path: ${request.name}`],
      remedies:
        leading === undefined
          ? closingRemedy(followed, facts, by, to)
          : leadingRemedy(leading, followed, facts),
    },
  );
}

/** A rule that asks for this host's port or address, where packets have the container's. */
interface MissingRule {
  /** Where it is, for people. */
  readonly chain: string;
  readonly text: string;
  /** What of this host's it asks for: an address stands for all its ports. */
  readonly by: AskedBy;
  readonly to: ClosedTo | undefined;
  /** Of iptables, where it does not end packets itself. */
  readonly leading?: ClosingRule;
}

function missingRule({ request, path }: Followed, facts: Facts): MissingRule | undefined {
  const { packet, goal } = request;
  const { family, protocol: proto, destination: address, destinationPort } = packet;
  if (goal.to !== 'container') return undefined;
  const { last } = path;
  const inside: Receiver = { address: last.destination, port: last.destinationPort, proto };
  // The container's port, by the host's address, closes nothing either.
  const before: readonly Receiver[] = [
    { address, port: destinationPort, proto },
    { address, port: inside.port, proto },
  ];
  // Nor is it for any other container, which it then closes.
  const isMissing = (asks: (receiver: Receiver) => boolean): boolean =>
    before.some(asks) && !asks(inside) && !receiversOf(facts, family).some(asks);
  const byOf = (asksPort: boolean): AskedBy =>
    asksPort && destinationPort !== inside.port ? 'port' : 'address';
  const doors = { by: packet.inInterface, out: goal.bridge };
  const subnets = facts.networks.flatMap((network) => network.subnets);
  const closing = facts.netState.rulesets
    .flatMap((rules) => closingRules(rules, family))
    .find(
      ({ asks, view }) =>
        isMissing((receiver) => asksFor(asks, receiver)) && isForDoors(view, doors, subnets),
    );
  if (closing !== undefined) {
    const { rule, asks, into, view } = closing;
    const to = sendersOf(view) ?? 'other';
    return {
      ...{ chain: rule.chain, text: rule.text, by: byOf(asks.ports !== undefined), to },
      ...(into !== undefined && { leading: closing }),
    };
  }
  const native = closingNatives(facts.netState, family).find(
    ({ rule }) =>
      isMissing((receiver) => nativeAsksFor(rule, receiver)) && isNativeForDoors(rule, doors, subnets),
  );
  if (native === undefined) return undefined;
  const { chain, table, rule } = native;
  const to = isForEverybody(rule) ? undefined : 'other';
  return { chain: `${chain} of table ${table}`, text: rule.text, by: byOf(nativeAsksPort(rule)), to };
}

/** Whom published ports lead to. */
const receiversOf = ({ ports }: Facts, family: Family): readonly Receiver[] =>
  ports.map(({ endpoint, port, proto }) => ({ address: endpoint?.[family] ?? '', port, proto }));

/** Rules of a DOCKER-USER of another time, that close a port: where Docker writes with nftables nothing need lead there. */
function judgeUnled(followed: Followed, facts: Facts): Check | undefined {
  const { request, path } = followed;
  const { family, destinationPort: port, protocol } = request.packet;
  const [subject = ''] = request.subjects;
  for (const { rules } of facts.netState.rulesets) {
    const filter = rules[family].tables.get('filter');
    if (filter === undefined || leadsThere(filter)) continue;
    const rule = rulesOf(rules[family], 'filter', USER_CHAIN).find(
      (one) =>
        closes(one) && (asksPort(one, port, protocol) || asksPort(one, path.last.destinationPort, protocol)),
    );
    if (rule === undefined) continue;
    return warn(
      'closed-in-vain',
      `a rule in ${USER_CHAIN} is to close port ${String(port)} of ${subject}, and nothing leads there: it closes nothing`,
      {
        about: subject,
        meaning: `Docker with nftables does not ask ${USER_CHAIN}: what is to close a port belongs into a table of your own`,
        evidence: [rule.text, `path: ${request.name}`],
        remedies: closingRemedy(followed, facts, 'port', sendersOf(viewRule(rule)) ?? 'other'),
      },
    );
  }
  return undefined;
}

const leadsThere = (filter: Table): boolean =>
  [...jumpGraph(filter).values()].some((targets) => [...targets].includes(USER_CHAIN));

const closes = ({ text }: Rule): boolean => /^(?:DROP|REJECT)$/.test(targetOf(text) ?? '');
