import { USER_CHAIN } from '../../../firewall/iptables/ownership/chain-shapes.ts';
import type { Packet } from '../../../trace/packet.ts';
import type { Remedy } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { follow, type Followed } from '../../paths/follow.ts';
import { changed } from '../../remedies/change.ts';
import { insertRule, type RuleFields } from '../../remedies/iptables.ts';
import { makeTable } from '../../remedies/own-table.ts';
import { advise, proposal, remedyOf, type RemedyStep } from '../../remedies/proposal.ts';
import type { ClosingRule } from './closing-rules.ts';
import type { Senders } from './closing-senders.ts';

/** What of the connection a rule is to ask for: the port that was asked, or the address alone. */
export type AskedBy = 'port' | 'address';

/** Whom alone a rule closes a port to; `other` where what takes its place cannot say it again. */
export type ClosedTo = Senders | 'other';

const EVERYBODY: Senders = { source: [], matches: [] };

/**
 * A rule that closes the port, or every port of the address, for whoever comes in there, by what was asked; tried in memory.
 *
 * @param to - whom the rule that was in vain is for: nobody else is closed out
 */
export function closingRemedy(
  { request }: Followed,
  facts: Facts,
  by: AskedBy = 'port',
  to: ClosedTo = EVERYBODY,
): readonly Remedy[] {
  const isWhole = to !== 'other' && to.source.length + to.matches.length === 0;
  // In tables of nftables' own the words of iptables say nothing.
  if (to === 'other' || (!isWhole && facts.tables !== undefined)) return [askedInstead(request.packet, by)];
  const step = closingStep(request.packet, facts, by, to);
  if (step === undefined) return [];
  const after = changed(facts, step.change);
  // A rule for some alone need not be for the client that stands for all.
  const isClosed = !isWhole || (after !== undefined && follow(request, after)[0]?.outcome.is === 'stopped');
  return isClosed
    ? [
        remedyOf(
          proposal(`to close it, by the ${by} that was asked; also in the file you keep such rules in`, step),
        ),
      ]
    : [];
}

/** What a rule is to ask for in place of what it never meets, where it asks more than is said again here. */
function askedInstead({ destination, destinationPort, family }: Packet, by: AskedBy): Remedy {
  const [option, native] =
    by === 'port'
      ? [`--ctorigdstport ${String(destinationPort)}`, `proto-dst ${String(destinationPort)}`]
      : [`--ctorigdst ${destination}`, `${family === 'ipv4' ? 'ip' : 'ip6'} daddr ${destination}`];
  return advise(
    `let it ask for the ${by} that was asked instead, and leave the rest: -m conntrack ${option} --ctdir ORIGINAL (nft: ct direction original ct original ${native})`,
  );
}

function closingStep(packet: Packet, facts: Facts, by: AskedBy, to: Senders): RemedyStep | undefined {
  const { variant, tables } = facts;
  const { inInterface, protocol, destination, destinationPort, family } = packet;
  if (tables !== undefined) {
    const asked =
      by === 'port'
        ? `meta l4proto ${protocol} ct direction original ct original proto-dst ${String(destinationPort)}`
        : `ct direction original ct original ${family === 'ipv4' ? 'ip' : 'ip6'} daddr ${destination}`;
    return makeTable({
      ...{
        table: 'inet host-filter',
        chain: 'forward',
        hook: 'type filter hook forward priority filter - 5',
      },
      rule: `iifname "${inInterface}" ${asked} drop`,
    });
  }
  if (variant === undefined) return undefined;
  const asked: RuleFields =
    by === 'port' ? byAskedPort(packet) : { connection: ['--ctorigdst', destination, '--ctdir', 'ORIGINAL'] };
  return insertRule(USER_CHAIN, { senders: to, in: inInterface, ...asked }, 'DROP', {
    place: { variant, family, table: 'filter' },
    facts,
  });
}

/** A rule that leads to a chain what was asked of this port. The chain takes no packet that it does not end: nothing opens. */
export function leadingRemedy(
  { variant, rule, into = '' }: ClosingRule,
  { request: { packet } }: Followed,
  facts: Facts,
): readonly Remedy[] {
  const step = insertRule(rule.chain, byAskedPort(packet), into, {
    place: { variant, family: packet.family, table: 'filter' },
    facts,
  });
  return [
    remedyOf(
      proposal(`to lead them to ${into}, by the port that was asked; also where that rule comes from`, step),
    ),
  ];
}

const byAskedPort = ({ protocol, destinationPort }: Packet): RuleFields => ({
  protocol,
  connection: ['--ctorigdstport', String(destinationPort), '--ctdir', 'ORIGINAL'],
});
