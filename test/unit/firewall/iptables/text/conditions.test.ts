import { describe, expect, test } from 'vitest';
import { saysAll } from '../../../../../src/firewall/iptables/text/hidden.ts';

describe('whether a save says all of a rule', () => {
  const code = (ports: string): readonly string[] => [
    'meta load l4proto => reg 1',
    'cmp eq reg 1 0x00000011',
    'payload load 4b @ transport header + 0 => reg 1',
    `cmp eq reg 1 ${ports}`,
    'counter pkts 0 bytes 0',
    'immediate reg 0 accept',
  ];

  // As ufw writes it for DHCP.
  test('with both ports of one number each, which are compared at once', () => {
    const text = '-A t -p udp -m udp --sport 67 --dport 68 -j ACCEPT';
    expect(saysAll({ text }, { code: code('0x44004300') }, 'ipv4')).toBe(true);
  });

  test('not when it leaves out one of them', () => {
    const text = '-A t -p udp -m udp --sport 67 -j ACCEPT';
    expect(saysAll({ text }, { code: code('0x44004300') }, 'ipv4')).toBe(false);
  });
});
