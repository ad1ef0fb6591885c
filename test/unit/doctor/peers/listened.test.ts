import { describe, expect, test } from 'vitest';
import { listenedOf, listenFilter } from '../../../../src/doctor/peers/probe/listened.ts';
import { parseListened } from '../../../../src/host/peers/listened-json.ts';
import { A, B, packet, THERE, watched } from '../../../support/peers/probed.ts';

const FLOW = { address: B, port: 8080, proto: 'tcp', sourcePort: 61_000 } as const;

test('the filter lets in the probe, and whoever else begins to ask the same', () => {
  expect(listenFilter(FLOW)).toBe(
    '((tcp or udp) and (port 61000)) or (dst host 198.51.100.20 and tcp dst port 8080 and tcp[13] & 2 != 0)',
  );
  expect(listenFilter({ ...FLOW, address: '2001:db8::20' })).toContain('ip6[53] & 2 != 0');
});

test('packets of the probe are told from others that ask the same', () => {
  const text = [
    'eth0  In  IP 192.0.2.1.61000 > 198.51.100.20.8080: tcp 0',
    'eth0  In  IP 203.0.113.9.40000 > 198.51.100.20.8080: tcp 0',
    'eth0  Out IP 198.51.100.20.8080 > 192.0.2.1.61000: tcp 0',
  ].join('\n');
  expect(listenedOf(text, FLOW)).toEqual({
    unavailable: '',
    packets: [packet('eth0 in', A, B), packet('eth0 out', B, A, true)],
    others: 1,
  });
});

describe('what the other side says it saw is hostile', () => {
  const document = {
    $schema: 'https://rulesguard.dev/schemas/doctor-listen.schema.json',
    version: 1,
    ...watched(THERE),
  };

  test('a document that fits is taken', () => {
    expect(parseListened(JSON.stringify(document))?.packets).toEqual(THERE);
  });

  test.each<readonly [string, string]>([
    ['nothing', ''],
    ['no JSON', '{"packets":'],
    ['another version', JSON.stringify({ ...document, version: 2 })],
    ['a field more', JSON.stringify({ ...document, extra: 1 })],
    [
      'an interface that is none',
      JSON.stringify({ ...document, packets: [{ ...packet('eth0 in', A, B), link: 'eth0\u001b[2J' }] }),
    ],
    [
      'an address that is none',
      JSON.stringify({ ...document, packets: [packet('eth0 in', '$(reboot)', B)] }),
    ],
    [
      'too many packets',
      JSON.stringify({ ...document, packets: Array.from({ length: 201 }, () => THERE[0]) }),
    ],
    ['too long', `${JSON.stringify(document)}${' '.repeat(300_000)}`],
  ])('%s is not used', (_name, text) => {
    expect(parseListened(text)).toBeUndefined();
  });
});
