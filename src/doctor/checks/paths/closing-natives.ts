import { isDockersTable } from '../../../firewall/nftables/ownership/ownership.ts';
import type { NativeCondition, NativeRule } from '../../../firewall/nftables/text/model.ts';
import { overlapping, sameBlock } from '../../../net/address.ts';
import type { Family } from '../../../net/family.ts';
import { memory } from '../../../trace/memory.ts';
import { chainsFrom } from '../../../trace/native/reached.ts';
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

const found = memory<readonly ClosingNative[]>();

/** The rules that end forwarded packets by the receiver's port or address, of tables that are not Docker's. */
export const closingNatives = (netState: NetworkState, family: Family): readonly ClosingNative[] =>
  found(netState, family, () =>
    hooksAt(netState, family, 'FORWARD')
      .filter(({ table }) => !isDockersTable(spell(table)))
      .flatMap(({ table, chain }) =>
        chainsFrom(chain.name, table).flatMap(({ name, rules }) =>
          rules
            .filter(({ verdict, conditions }) => isEnd(verdict) && conditions.some(asksReceiver))
            .map((rule) => ({ table: spell(table), chain: name, rule })),
        ),
      ),
  );

const isEnd = (verdict: NativeRule['verdict']): boolean =>
  verdict !== undefined && 'is' in verdict && (verdict.is === 'drop' || verdict.is === 'reject');

const PORT = /^(tcp|udp|th) dport$/;
const ADDRESS = /^ip6? daddr$/;

const asksReceiver = ({ fields, negated }: NativeCondition): boolean =>
  !negated && fields.length === 1 && fields.some((field) => PORT.test(field) || ADDRESS.test(field));

/** Whether a rule asks for a port of the receiver's; else for its address alone. */
export const nativeAsksPort = ({ conditions }: NativeRule): boolean =>
  conditions.filter(asksReceiver).some(({ fields: [field = ''] }) => PORT.test(field));

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
    return !isAmong(among, (source) => subnets.some((subnet) => overlapping(source, subnet)));
  });

const isAmong = (among: NativeCondition['among'], test: (first: string, last: string) => boolean): boolean =>
  typeof among !== 'string' && among.some(([span]) => span !== undefined && test(span.first, span.last));
