import { MTU_OPTION } from '../../../docker/options.ts';
import { makePacket } from '../../../trace/packet.ts';
import { tracePath } from '../../../trace/trace.ts';
import { checksOf, listNames } from '../check.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { appendRule } from '../../remedies/iptables.ts';
import { harmless } from '../../remedies/offer.ts';
import { advise, proposal, type Proposal } from '../../remedies/proposal.ts';
import { linkInside, linkOf, membersOf, uplinksOf, type Member } from '../../lookup.ts';

const { warn, fail } = checksOf('host');

/**
 * Containers that send larger packets than the way out carries. That is no fault as long as the host can report it
 * ("fragmentation needed"): where a rule stops that message, large packets vanish.
 */
export function judgeMtu(facts: Facts): readonly Check[] {
  const [uplink] = uplinksOf(facts);
  if (uplink === undefined || clamps(facts)) return [];
  const large = membersOf(facts).filter((member) => mtuOf(member) > uplink.mtu && !member.network.internal);
  const [first] = large;
  if (first === undefined) return [];
  const names = listNames([...new Set(large.map(({ network }) => network.name))]);
  const { name, mtu } = uplink;
  const evidence = [`${name} mtu ${String(mtu)}`, `${first.container.name} mtu ${String(mtuOf(first))}`];
  const clamp = harmless(clamping(facts), facts);
  const forGood = advise(
    `permanently: "mtu": ${String(mtu)} in /etc/docker/daemon.json, and for networks of your own -o ${MTU_OPTION}=${String(mtu)}`,
  );
  const silenced = silencerOf(first, facts);
  if (silenced === undefined)
    return [
      warn('mtu-larger', `containers of ${names} send packets larger than ${name} carries`, {
        about: name,
        meaning: 'it works as long as nobody on the way drops ICMP',
        evidence,
        remedies: [...clamp, forGood],
      }),
    ];
  return [
    fail(
      'mtu-black-hole',
      `large packets of ${names} vanish: ${name} carries ${String(mtu)} bytes, and no ICMP message reports it`,
      {
        about: name,
        meaning:
          'connections open and then hang: a rule drops the ICMP message that says a packet is too large',
        evidence: [...evidence, silenced],
        impairs: 'all',
        remedies: [...clamp, forGood, advise('and let ICMP fragmentation-needed pass: it is no danger')],
      },
    ),
  ];
}

function clamping(facts: Facts): readonly Proposal[] {
  const { variant } = facts;
  if (variant === undefined) return [];
  const rule = '-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu';
  return [
    proposal(
      'clamp TCP segments to the path',
      appendRule(rule, { variant, family: 'ipv4', table: 'mangle' }, facts),
    ),
  ];
}

const mtuOf = (member: Member): number => linkInside(member)?.mtu ?? 0;

/** Whether something fits connections to the way already. */
const clamps = ({ netState }: Facts): boolean =>
  netState.rulesets.some(({ rules }) =>
    [...(rules.ipv4.tables.get('mangle')?.chains.values() ?? [])].some(({ rules: all }) =>
      all.some(({ text }) => text.includes('-j TCPMSS')),
    ),
  );

/** The rule that keeps "fragmentation needed" (ICMP type 3 code 4) of the host from a container; undefined where it gets through. */
function silencerOf({ attached, network }: Member, facts: Facts): string | undefined {
  const bridge = linkOf(facts.netState, network.bridge);
  const source = bridge?.addresses.find(({ family }) => family === 'ipv4')?.address;
  if (source === undefined || attached.ipv4 === '') return undefined;
  const { end } = tracePath(
    makePacket({
      family: 'ipv4',
      source,
      destination: attached.ipv4,
      protocol: 'icmp',
      icmp: { type: 3, code: 4 },
      state: 'RELATED',
    }),
    facts.netState,
  );
  return end.at === 'stopped' ? (end.rule?.text ?? `policy of ${end.table} ${end.chain}`) : undefined;
}
