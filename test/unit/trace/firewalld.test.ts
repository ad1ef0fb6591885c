import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseNativeTable } from '../../../src/firewall/nftables/text/parse.ts';
import { makePacket } from '../../../src/trace/packet.ts';
import { tracePath } from '../../../src/trace/trace.ts';
import { GROUND, inside, outside, saved, told, withRules } from './network.ts';

/** Listed with eth0 in zone public and docker0 in zone trusted. */
const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/nftables');

describe.each(['firewalld-1.3.3', 'firewalld-2.5.2'])('the table of %s', (name) => {
  const text = readFileSync(path.join(FIXTURES, `${name}.nft`), 'latin1');
  const natives = [{ table: 'inet firewalld', text }];
  const beside = (packet: Parameters<typeof tracePath>[0], rules = ''): string =>
    told(tracePath(packet, { ...withRules(rules), natives }));

  test('is read to the last rule', () => {
    const table = parseNativeTable(text);
    const rules = [...(table?.chains.values() ?? [])].flatMap((chain) => chain.rules);
    expect(rules).toHaveLength(
      text.split('\n').filter((line) => /^\t\t(?!type )\S.* # handle \d+$/.test(line)).length,
    );
    expect(rules.every(({ handle, verdict }) => handle !== '' && verdict !== undefined)).toBe(true);
    // The code of an ICMPv6 message is not asked for.
    const doubts = rules.filter(({ doubt, text: rule }) => doubt !== undefined && !/icmpv6 code/.test(rule));
    expect(doubts).toEqual([]);
  });

  test('lets pass what it lets pass', () => {
    expect(beside(inside())).toMatch(/^sent eth0/);
    expect(
      beside(outside(), saved('nat', ['-A PREROUTING -d 192.0.2.1 -j DNAT --to-destination 172.17.0.2'])),
    ).toMatch(/^sent docker0/);
  });

  test('rejects what it rejects', () => {
    expect(beside(outside())).toMatch(/^stopped inet firewalld filter_IN_public\S* REJECT$/);
    const direct = makePacket({
      ...{ family: 'ipv4', inInterface: 'eth0', source: '192.0.2.2', destination: '172.17.0.2' },
    });
    expect(beside(direct)).toMatch(/^stopped inet firewalld .* REJECT$/);
  });

  test('IPv6: its own check of the way back is followed where that is sure', () => {
    const six = makePacket({
      ...{ family: 'ipv6', inInterface: 'docker0', source: 'fd00:17::2', destination: '2001:db8::2' },
    });
    expect(told(tracePath(six, { ...GROUND, natives }))).toMatch(/^sent eth0/);
    const astray = { ...six, inInterface: 'eth0' };
    expect(told(tracePath(astray, { ...GROUND, natives }))).toMatch(/^unknown/);
  });
});
