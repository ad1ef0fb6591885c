import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { dropFlows, type Conntrack } from '../../../../src/host/conntrack/drop-flows.ts';
import { parseEntries } from '../../../../src/host/conntrack/entries.ts';

/** An entry as the tool prints it. */
const line = (from: string, fromPort: string, to: string, toPort: string, left = 29, back = to): string =>
  `udp      17 ${String(left)} src=${from} dst=${to} sport=${fromPort} dport=${toPort} src=${back} dst=${from} sport=${toPort} dport=${fromPort} mark=0 use=1`;

const HOST = '192.0.2.1';
const CLIENT = '198.51.100.7';
const CONTAINER = '172.17.0.2';
const PORTS = [{ family: 'ipv4', port: '53' }] as const;

/** A kernel whose table is a list of lines; `events[i]` happens before the i-th listing. */
function kernel(table: string[], events: readonly (() => unknown)[] = []) {
  const deleted: string[] = [];
  let time = 0;
  let listings = 0;
  const tool: Conntrack = {
    conntrack(words) {
      if (words[0] === '-L') {
        events[listings++]?.();
        return Promise.resolve({ stdout: table.join('\n'), stderr: '' });
      }
      const at = (name: string): string | undefined => words[words.indexOf(name) + 1] ?? '';
      const isMeant = (text: string): boolean => {
        const [entry] = parseEntries(text);
        return words.includes('--orig-port-dst')
          ? entry?.toPort === at('--orig-port-dst') &&
              (!words.includes('--orig-dst') || entry?.to === at('--orig-dst'))
          : entry?.fromPort === at('--orig-port-src') && entry?.from === at('--orig-src');
      };
      const gone = table.filter(isMeant);
      table.splice(0, table.length, ...table.filter((text) => !isMeant(text)));
      deleted.push(...gone);
      return Promise.resolve({
        stdout: gone.join('\n'),
        stderr: `conntrack v1.4.7 (conntrack-tools): ${String(gone.length)} flow entries have been deleted.`,
      });
    },
    addresses: () => new Set([HOST, '127.0.0.1']),
    timeouts: () => ({ single: 30, stream: 120 }),
    sleep: (milliseconds) => {
      time += milliseconds;
      return Promise.resolve();
    },
    now: () => time,
  };
  return { tool, table, deleted, waited: () => time };
}

describe('flows of published UDP ports are dropped', () => {
  test('an answer that leaves after the drop is dropped too, until the client is decided again', async () => {
    const old = line(CLIENT, '4000', HOST, '53');
    const reversed = line(HOST, '53', CLIENT, '4000');
    const right = line(CLIENT, '4000', HOST, '53', 30, CONTAINER);
    const table = [old];
    const { tool, deleted } = kernel(table, [
      () => undefined,
      () => table.push(reversed),
      () => table.push(reversed),
      () => table.push(right),
    ]);
    expect(await dropFlows(PORTS, tool)).toEqual({ ports: PORTS, dropped: 3, trouble: undefined });
    expect(deleted).toEqual([old, reversed, reversed]);
    expect(table).toEqual([right]);
  });

  test('a client that falls silent is waited for once, for a second', async () => {
    const { tool, waited } = kernel([line(CLIENT, '4000', HOST, '53')]);
    expect((await dropFlows(PORTS, tool)).dropped).toBe(1);
    expect(waited()).toBeGreaterThan(1_000);
    expect(waited()).toBeLessThan(1_200);
  });

  test.each([
    ['there was no flow', []],
    ['its last packet is long past', [line(CLIENT, '4000', HOST, '53', 12)]],
    ['it was translated', [line(CLIENT, '4000', HOST, '53', 30, CONTAINER)]],
  ])('nobody is waited for when %s', async (_, table) => {
    const { tool, waited } = kernel([...table]);
    expect((await dropFlows(PORTS, tool)).dropped).toBe(table.length);
    expect(waited()).toBe(0);
  });

  test('what is not of the port, not of this host or translated stays', async () => {
    const rest = [
      line(CLIENT, '4000', HOST, '54'),
      line(HOST, '54', CLIENT, '4000'),
      line(CONTAINER, '53', CLIENT, '4000'),
      line(HOST, '53', CLIENT, '4001', 30, '203.0.113.9'),
    ];
    const { tool, table } = kernel([...rest]);
    expect((await dropFlows(PORTS, tool)).dropped).toBe(0);
    expect(table).toEqual(rest);
  });

  test('of a port published on one address only what goes to it and comes from it', async () => {
    const other = [line(CLIENT, '4000', HOST, '53'), line(HOST, '53', CLIENT, '4001')];
    const own = [line(CLIENT, '4000', '127.0.0.1', '53'), line('127.0.0.1', '53', CLIENT, '4001')];
    const { tool, table } = kernel([...other, ...own]);
    expect((await dropFlows([{ ...PORTS[0], hostIp: '127.0.0.1' }], tool)).dropped).toBe(2);
    expect(table).toEqual(other);
  });

  test('a tool that is missing is trouble, and says what to do', async () => {
    const { tool } = kernel([]);
    const missing = new Fault('RG_MISSING_TOOL', 3, 'conntrack is not installed', { hint: 'Install it.' });
    const { trouble } = await dropFlows(PORTS, { ...tool, conntrack: () => Promise.reject(missing) });
    expect(trouble).toBe('conntrack is not installed. Install it.');
  });
});

test('entries are read with their counters, zones and states', () => {
  const text = [
    'udp      17 119 src=192.0.2.9 dst=192.0.2.1 sport=1 dport=53 packets=2 bytes=90 src=172.17.0.2 dst=192.0.2.9 sport=53 dport=1 packets=2 bytes=90 [ASSURED] mark=0 zone=3 use=1',
    'udp      17 29 src=fd00::1 dst=fd00::2 sport=53 dport=9 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=9 dport=53 mark=0 use=1',
    'tcp      6 300 ESTABLISHED src=192.0.2.9 dst=192.0.2.1 sport=1 dport=53 src=192.0.2.1 dst=192.0.2.9 sport=53 dport=1 mark=0 use=1',
  ].join('\n');
  expect(parseEntries(text)).toEqual([
    {
      ...{ from: '192.0.2.9', fromPort: '1', to: '192.0.2.1', toPort: '53' },
      ...{ untranslated: false, left: 119, assured: true },
    },
    {
      ...{ from: 'fd00::1', fromPort: '53', to: 'fd00::2', toPort: '9' },
      ...{ untranslated: true, left: 29, assured: false },
    },
  ]);
});
