import type { MarkChange, MarkOperation, NativeNat } from '../../firewall/nftables/text/model.ts';
import type { Extension } from '../match/rule-parts.ts';
import type { Packet } from '../packet.ts';

const OPERATORS: Readonly<Record<MarkOperation['by'], (a: number, b: number) => number>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

/**
 * What a rule writes into marks.
 *
 * @param tracked - without a connection there is none whose mark could be read, and writing one does nothing
 * @returns 'ends' where the rule ends at a mark that is not there
 */
export function markedByNative(
  marks: readonly MarkChange[],
  packet: Packet,
  tracked: boolean,
): Packet | 'ends' | 'unknown' {
  let made = packet;
  for (const { field, value, operations } of marks) {
    if (made.vague?.some((name) => name === 'mark' || name === 'connmark') === true) return 'unknown';
    if (value === 'connmark' && !tracked) return made === packet ? 'ends' : 'unknown';
    if (field === 'connmark' && !tracked) continue;
    const read = typeof value === 'number' ? value : made[value];
    const mark = operations.reduce((now, { by, operand }) => OPERATORS[by](now, operand), read);
    made = { ...made, [field]: mark >>> 0 };
  }
  return made;
}

/** A translation as the target of iptables that does the same. */
export function natExtension({ target, to, random }: NativeNat): Extension {
  const option = (name: string, ...values: readonly string[]): Extension['options'][number] => ({
    ...{ name, values, negated: false },
  });
  const places = {
    DNAT: '--to-destination',
    SNAT: '--to-source',
    MASQUERADE: '--to-ports',
    REDIRECT: '--to-ports',
  };
  const where = target === 'DNAT' || target === 'SNAT' ? to : to.replace(/^:/, '');
  return {
    name: target,
    options: [...(to === '' ? [] : [option(places[target], where)]), ...(random ? [option('--random')] : [])],
  };
}
