import { blockOf } from '../../net/address.ts';
import { withSign, type MatchResult } from '../match-result.ts';
import { inBlock } from '../routing/addresses.ts';
import type { Test } from '../match-context.ts';
import { arrival } from './arrival.ts';
import { protocolNumber } from './protocols.ts';
import type { RuleOption } from '../../firewall/iptables/text/view.ts';

/** Whether an interface is the one a rule names; `eth+` is every name that begins with `eth`. */
export function isInterface(name: string, pattern: string): boolean {
  return pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

const address = (field: 'source' | 'destination', text: string): Test => {
  const block = blockOf(text);
  return ({ packet }) =>
    packet.vague?.includes(field) ? `the ${field} after NAT` : inBlock(packet[field], block);
};

const protocol =
  (wanted: string): Test =>
  ({ packet }): MatchResult => {
    if (packet.protocol === wanted) return true;
    const [own, other] = [protocolNumber(packet.protocol), protocolNumber(wanted)];
    if (own === undefined || other === undefined) return `protocol ${wanted}`;
    return other === 0 || own === other;
  };

function plain({ name, values }: RuleOption): Test {
  const value = values[0] ?? '';
  switch (name) {
    case '-i':
      return (facts) => {
        const name = arrival(facts);
        return name === undefined ? 'the interface it came in by, in POSTROUTING' : isInterface(name, value);
      };
    case '-o':
      return ({ packet }) => isInterface(packet.outInterface, value);
    case '-s':
      return address('source', value);
    case '-d':
      return address('destination', value);
    case '-p':
      return protocol(value);
    case '-f':
      // Conntrack puts fragments together before any rule sees them, and a packet here is a whole one.
      return () => false;
    default:
      return () => `option ${name}`;
  }
}

/** A condition that needs no `-m`: interface, address, protocol, fragment. */
export function baseTest(option: RuleOption): Test {
  const test = plain(option);
  return (facts) => withSign(test(facts), option.negated);
}
