import { expect, test } from 'vitest';
import { isProtocol, PORT_PROTOCOLS, PROTOCOLS } from '../../../src/net/protocol.ts';
import { hasPorts } from '../../../src/trace/match/protocols.ts';

test.each(['tcp', 'udp', 'sctp'])('Docker publishes ports of %s', (name) => {
  expect(isProtocol(name)).toBe(true);
});

test.each(['TCP', 'icmp', 'udplite', '', '6', 6, null, undefined, ['tcp']])(
  'what an Engine might say and is none: %j',
  (value) => {
    expect(isProtocol(value)).toBe(false);
  },
);

test('every protocol that Docker publishes ports of has ports in a packet, by its name and by its number', () => {
  for (const name of PROTOCOLS) expect(PORT_PROTOCOLS.has(name)).toBe(true);
  for (const name of PORT_PROTOCOLS) expect(hasPorts(name)).toBe(true);
  expect(['6', '17', '33', '132', '136'].map(hasPorts)).toEqual([true, true, true, true, true]);
  expect(['icmp', 'gre', '1', 'nonsense'].map(hasPorts)).toEqual([false, false, false, false]);
});
