import { isDockersTable } from '../../../firewall/nftables/ownership/ownership.ts';
import type {
  NativeChain,
  NativeCondition,
  NativeRule,
  NativeTable,
} from '../../../firewall/nftables/text/model.ts';
import { blockOf, overlap, sameBlock } from '../../../net/address.ts';
import type { Family } from '../../../net/family.ts';
import { hooksAt, spell } from '../../../trace/native/tables.ts';
import type { NetworkState } from '../../../trace/network-state.ts';
import type { Doors, Receiver } from './closing-rules.ts';

/** A rule of nftables' own that ends packets for some receivers. */
export interface ClosingNative {
  /** `inet filter` */
  readonly table: string;
  readonly chain: string;
  readonly rule: NativeRule;
}

/** The rules that end forwarded packets by the receiver's port or address, of tables that are not Docker's. */
export const closingNatives = (netState: NetworkState, family: Family): readonly ClosingNative[] =>
  hooksAt(netState, family, 'FORWARD')
    .filter(({ table }) => !isDockersTable(spell(table)))
    .flatMap(({ table, chain }) =>
      [...ledTo(table, chain)].flatMap(({ name, rules }) =>
        rules
          .filter(({ verdict, conditions }) => isEnd(verdict) && conditions.some(asksReceiver))
          .map((rule) => ({ table: spell(table), chain: name, rule })),
      ),
    );

/** A chain, and those its rules lead to. */
function ledTo(table: NativeTable, from: NativeChain): ReadonlySet<NativeChain> {
  const reached = new Set([from]);
  for (const { rules } of reached)
    for (const { verdict } of rules) {
      const next =
        verdict !== undefined && 'chain' in verdict ? table.chains.get(verdict.chain ?? '') : undefined;
      if (next !== undefined) reached.add(next);
    }
  return reached;
}

const isEnd = (verdict: NativeRule['verdict']): boolean =>
  verdict !== undefined && 'is' in verdict && (verdict.is === 'drop' || verdict.is === 'reject');

const PORT = /^(tcp|udp|th) dport$/;
const ADDRESS = /^ip6? daddr$/;

const asksReceiver = ({ fields, negated }: NativeCondition): boolean =>
  !negated && fields.length === 1 && fields.some((field) => PORT.test(field) || ADDRESS.test(field));

export const nativeAsksPort = ({ conditions }: NativeRule): boolean =>
  conditions.some(({ fields: [field = ''] }) => PORT.test(field));

/** Whether all that a rule asks of the receiver holds for this one. What it asks besides does not count. */
export const nativeAsksFor = ({ conditions }: NativeRule, to: Receiver): boolean =>
  conditions.filter(asksReceiver).every(({ fields: [field = ''], among }) => {
    const port = PORT.exec(field);
    if (port === null) return isAmong(among, (first) => sameBlock(first, to.address));
    const [, proto] = port;
    return (
      (proto === 'th' || proto === to.proto) &&
      isAmong(among, (first, last) => Number(first) <= to.port && to.port <= Number(last))
    );
  });

/** Whether a rule is for packets that come in and leave by these, and not for what containers ask of others. */
export const isNativeForDoors = (
  { conditions }: NativeRule,
  { by, out }: Doors,
  subnets: readonly string[],
): boolean =>
  conditions.every(({ fields: [field = ''], among, negated }) => {
    const holds = (test: (first: string) => boolean): boolean => isAmong(among, test) !== negated;
    if (/^iif(?:name)?$/.test(field)) return holds((name) => name === by);
    if (/^oif(?:name)?$/.test(field)) return holds((name) => name === out);
    if (!/^ip6? saddr$/.test(field) || negated) return true;
    return !isAmong(among, (source) => subnets.some((subnet) => isOverlapping(source, subnet)));
  });

const isAmong = (among: NativeCondition['among'], test: (first: string, last: string) => boolean): boolean =>
  typeof among !== 'string' && among.some(([span]) => span !== undefined && test(span.first, span.last));

function isOverlapping(a: string, b: string): boolean {
  const [one, other] = [blockOf(a), blockOf(b)];
  return one !== undefined && other !== undefined && overlap(one, other);
}
