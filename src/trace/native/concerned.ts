import type { NativeChain, NativeCondition, NativeRule } from '../../firewall/nftables/text/model.ts';
import { blockOf, formatBlock } from '../../net/address.ts';
import { protocolNumber } from '../match/protocols.ts';
import { memory } from '../memory.ts';
import type { Packet, Vague } from '../packet.ts';

/** A chain's rules, by number: those that ask for one address or port by that, and all others. */
interface ChainIndex {
  readonly others: readonly number[];
  readonly otherRules: readonly NativeRule[];
  readonly asking: ReadonlyMap<string, readonly number[]>;
}

/** Of fewer rules a list is as fast. */
const FEW = 16;
const ENDS: readonly Vague[] = ['source', 'destination', 'sourcePort', 'destinationPort'];

/** How an address is known, however it is spelled; undefined for what is none. */
const addressKey = (text: string): string | undefined => {
  const block = text.includes('/') ? undefined : blockOf(text);
  return block && formatBlock(block);
};

/** The one value that a condition asks for; undefined for any other condition. */
function valueOf({ fields, negated, among, mask, flags }: NativeCondition): string | undefined {
  if (
    fields.length !== 1 ||
    negated ||
    mask !== undefined ||
    flags !== undefined ||
    typeof among === 'string'
  )
    return undefined;
  const [[span, second] = [], another] = among;
  return span === undefined || second !== undefined || another !== undefined || span.first !== span.last
    ? undefined
    : span.first;
}

/** What a packet must have to meet a rule; undefined where that is not one address or port. */
function keyOf({ conditions }: NativeRule): string | undefined {
  let [source, destination, port]: (string | undefined)[] = [];
  for (const condition of conditions) {
    const [field = ''] = condition.fields;
    const value = valueOf(condition);
    if (value === undefined) continue;
    const [, protocol] = /^(tcp|udp) dport$/.exec(field) ?? [];
    if (/^ip6? saddr$/.test(field)) source ??= addressKey(value);
    else if (/^ip6? daddr$/.test(field)) destination ??= addressKey(value);
    else if (protocol !== undefined && /^\d+$/.test(value)) port ??= portKey(protocol, Number(value));
  }
  if (destination !== undefined)
    return port === undefined ? `to ${destination}` : `to ${destination} ${port}`;
  return port ?? (source === undefined ? undefined : `from ${source}`);
}

const portKey = (protocol: string, port: number): string =>
  `${String(protocolNumber(protocol))} ${String(port)}`;

const indices = memory<ChainIndex>();

function indexOf(chain: NativeChain): ChainIndex {
  return indices(chain, '', () => {
    const asking = new Map<string, number[]>();
    const others: number[] = [];
    for (const [at, rule] of chain.rules.entries()) {
      const key = keyOf(rule);
      const list = key === undefined ? others : (asking.get(key) ?? []);
      if (key !== undefined) asking.set(key, list);
      list.push(at);
    }
    return { asking, others, otherRules: others.flatMap((at) => chain.rules[at] ?? []) };
  });
}

/** The rules of a chain without some that ask for another address or port than a packet has: in the same order, those that it may meet. */
export function concernedIn(chain: NativeChain, packet: Packet): readonly NativeRule[] {
  const { rules } = chain;
  const [source, destination] = [addressKey(packet.source), addressKey(packet.destination)];
  const isVague = packet.vague?.some((field) => ENDS.includes(field)) === true;
  if (rules.length < FEW || isVague || source === undefined || destination === undefined) return rules;
  const { asking, others, otherRules } = indexOf(chain);
  const port = portKey(packet.protocol, packet.destinationPort);
  const keys = [`from ${source}`, `to ${destination}`, `to ${destination} ${port}`, port];
  const own = keys.flatMap((key) => asking.get(key) ?? []);
  return own.length === 0
    ? otherRules
    : [...others, ...own].sort((a, b) => a - b).flatMap((at) => rules[at] ?? []);
}
