import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePacket } from '../../src/trace/packet.ts';
import { describeVariant, FAMILIES } from '../support/kernel.ts';
import type { Family } from '../support/netns.ts';
import { dice } from '../support/trace/dice.ts';
import { inFamily } from '../support/trace/families.ts';
import { entryOf, type Shot } from '../support/trace/packets.ts';
import type { Scene } from '../support/trace/rulesets.ts';
import { play } from '../support/trace/stage.ts';
import { buildTown, type Town } from '../support/trace/town.ts';

/** A rule of policy routing, in the words of `ip rule add`, that leads to a table by which all leaves by eth1. */
interface Case {
  readonly rule: string;
  /** Rules beside it, likewise. */
  readonly beside?: readonly string[];
  /** Rules of mangle that mark packets. */
  readonly marks?: readonly string[];
  /** Settings beside rp_filter. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** A rule for what no packet tells: the answer may be unknown. */
  readonly isUnknown?: true;
}

const MARK = ['-A PREROUTING -j MARK --set-xmark 0x5/0xffffffff'];
const VALID = { 'ipv4/conf/all/src_valid_mark': '1' };

const CASES: readonly Case[] = [
  { rule: 'iif docker0' },
  { rule: 'iif br1' },
  { rule: 'iif eth0' },
  { rule: 'iif eth1' },
  { rule: 'iif lo' },
  { rule: 'not iif docker0' },
  { rule: 'not iif lo' },
  { rule: 'oif eth1' },
  { rule: 'not oif eth1' },
  { rule: 'fwmark 0x5', marks: MARK },
  { rule: 'fwmark 0x5', marks: MARK, sysctls: VALID },
  { rule: 'not fwmark 0x5', marks: MARK },
  { rule: 'not fwmark 0x5', marks: MARK, sysctls: VALID },
  { rule: 'fwmark 0x5 iif docker0', marks: MARK, sysctls: VALID },
  { rule: 'ipproto tcp' },
  { rule: 'not ipproto tcp' },
  { rule: 'iif docker0 ipproto udp' },
  { rule: 'iif lo ipproto tcp' },
  { rule: 'iif lo ipproto tcp', beside: ['ipproto sctp lookup 79'] },
  { rule: 'iif lo dport 25000-26000' },
  { rule: 'iif lo not dport 1' },
  { rule: 'dport 80' },
  { rule: 'sport 80' },
  { rule: 'iif docker0 sport 80' },
  { rule: 'iif docker0 ipproto tcp sport 443-8080' },
  { rule: 'uidrange 0-0' },
  { rule: 'uidrange 1-99' },
  { rule: 'not uidrange 1-99' },
  { rule: 'to 203.0.113.0/24' },
  { rule: 'from 172.17.0.2' },
  { rule: 'from 172.17.0.0/16 iif docker0' },
  { rule: 'to 203.0.113.5 iif docker0' },
  { rule: 'iif docker0', sysctls: { 'ipv4/conf/all/accept_local': '1' } },
  { rule: 'tos 0x10', isUnknown: true },
  { rule: 'iif docker0 tos 0x10', isUnknown: true },
];

/** Who asks for the way back beside rp_filter: of packets that come in, and of those that are forwarded. */
const MATCHES = ['-m rpfilter', '-m rpfilter --validmark', 'fib'];
const FIB =
  'table inet own {\n chain f { type filter hook forward priority -5; fib saddr . mark . iif oif missing drop; };\n}\n';

const numberOf = (filter: string): string => /^rp_filter (\d)$/.exec(filter)?.[1] ?? '0';

const rulesOf = (marks: readonly string[] = [], filter: string): Scene['rules'] => ({
  nft: [
    ...['*mangle', ':PREROUTING ACCEPT [0:0]', ...marks],
    ...(filter.startsWith('-m') ? [`-A PREROUTING ${filter} --invert -j DROP`] : []),
    ...['COMMIT', ''],
  ].join('\n'),
});

/** Which of several routes of IPv6 such a question finds, and whether `fib` knows of protocols, depends on the kernel. */
const isOpen = (rule: string, family: Family, filter: string): boolean =>
  MATCHES.includes(filter) && (family === 'ipv6' || (filter === 'fib' && rule.includes('ipproto')));

/** What each place is asked from outside, by either wire, with answers. */
function shotsOf(family: Family, firstId: number): readonly Shot[] {
  const all = ['eth0', 'eth1'].flatMap((device) =>
    ['203.0.113.5', '192.0.2.2', '198.51.100.2', '192.0.2.1'].flatMap((source) =>
      ['172.17.0.2', '172.18.0.2', '192.0.2.1'].flatMap((destination) =>
        [['tcp', 80] as const, ['tcp', 22] as const, ['udp', 443] as const].map(
          ([protocol, destinationPort]) => ({ device, source, destination, protocol, destinationPort }),
        ),
      ),
    ),
  );
  return all.map(({ device, source, destination, ...rest }, i): Shot => {
    const [id, number] = [firstId + i, 20_000 + ((firstId + i) % 40_000)];
    const packet = makePacket({
      ...{ family, ...rest, ...entryOf('client', device), sourcePort: number },
      ...{ source: inFamily(family, source), destination: inFamily(family, destination) },
    });
    return { id, from: 'client', device, number, packet };
  });
}

const SHOTS = shotsOf('ipv4', 0).length;

describeVariant(
  'the trace routes by rules as the kernel does',
  'nft',
  () => {
    let town: Town;
    let played = 0;
    const ends = new Map<string, number>();
    const run = async (script: readonly string[]): Promise<void> => {
      const { code, stderr } = await town.host.exec('sh', ['-c', script.join('\n')]);
      if (code !== 0) throw new Error(stderr);
    };
    beforeAll(async () => {
      town = await buildTown();
    });
    afterAll(async () => {
      await town.dispose();
    });

    describe.each(FAMILIES)('%s', (family) => {
      const ip = family === 'ipv4' ? 'ip -4' : 'ip -6';
      test.each(
        CASES.flatMap((one) =>
          (family === 'ipv4' ? ['rp_filter 0', 'rp_filter 1', 'rp_filter 2', ...MATCHES] : MATCHES).map(
            (filter) => ({ ...one, filter }),
          ),
        ),
      )(
        '$rule $beside $marks $sysctls, $filter',
        async ({ rule, beside = [], marks, sysctls, filter, isUnknown }) => {
          const words = ['from all', rule].join(' ');
          await run([
            `${ip} route replace default via ${inFamily(family, '198.51.100.2')} dev eth1 table 77`,
            ...[`${inFamily(family, words.includes(' from') ? rule : words)} lookup 77`, ...beside].map(
              (line, i) => `${ip} rule add pref ${String(70 + i)} ${line}`,
            ),
          ]);
          try {
            const firstId = SHOTS * ++played;
            const tally = await play(town, {
              ...{ dice: dice(1), count: 0, firstId, shots: shotsOf(family, firstId) },
              scene: {
                ...{ name: rule, family, exotic: false, destinations: [], ports: [] },
                rules: rulesOf(marks, filter),
                natives: filter === 'fib' ? FIB : undefined,
                sysctls: {
                  'ipv4/conf/all/forwarding': '1',
                  'ipv6/conf/all/forwarding': '1',
                  'ipv4/conf/all/src_valid_mark': '0',
                  'ipv4/conf/all/accept_local': '0',
                  ...sysctls,
                  'ipv4/conf/all/rp_filter': '0',
                  'ipv4/conf/eth0/rp_filter': numberOf(filter),
                  'ipv4/conf/eth1/rp_filter': numberOf(filter),
                },
              },
            });
            expect(tally.wrong).toEqual([]);
            if (!(isUnknown === true || isOpen(rule, family, filter))) expect(tally.whys).toEqual([]);
            for (const [at, count] of Object.entries(tally.ends)) ends.set(at, (ends.get(at) ?? 0) + count);
          } finally {
            await run([70, 71].map((pref) => `${ip} rule del pref ${String(pref)} 2>/dev/null; true`));
          }
        },
      );
    });

    test('packets got there, and were lost', () => {
      console.log(ends);
      expect([...ends.keys()]).toEqual(expect.arrayContaining(['sent', 'local', 'lost']));
    });
  },
  ['ipset', 'perl'],
);
