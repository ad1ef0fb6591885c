import { describe, expect, test } from 'vitest';
import { readContext } from '../../../../src/app/guard-change/context.ts';
import { predict } from '../../../../src/app/guard-change/predict.ts';
import { verdictOf } from '../../../../src/app/guard-change/verdict.ts';
import { nextSteps, stepText } from '../../../../src/commands/shared/way-back.ts';
import { EMPTY_RULESET } from '../../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../../src/firewall/iptables/text/parse.ts';
import type { NftTable } from '../../../../src/firewall/nftables/tables/model.ts';
import { nftChangeHost, type NftChange, type NftFirewall } from '../../../support/nftables/change-host.ts';
import { withChains, withElements, withRules } from '../../../support/nftables/edits.ts';

const reference = { source: 'both', stored: undefined } as const;

/** The verdict of a change on a recorded host, which ways it cuts or opens, and what is said to be done next. */
async function judged(name: string, words: string, change: NftChange, start: Partial<NftFirewall> = {}) {
  const host = nftChangeHost(name, change, start);
  const context = await readContext(host, reference);
  const [program = '', ...rest] = words.split(' ');
  const asked = { words: [program, ...rest], input: { text: '', ends: true } } as const;
  const forecast = await predict(host, asked, context, 30);
  const verdict = verdictOf(forecast, context);
  const breaking = verdict.verdict === 'would-break' ? verdict : undefined;
  return {
    verdict: verdict.verdict,
    effects: [...new Set(forecast.reach?.change.worse.map(({ cell }) => cell.effect))].sort(),
    lost: forecast.impact?.findings.length ?? 0,
    wayBack: forecast.reach?.wayBack,
    next:
      breaking === undefined
        ? []
        : nextSteps(breaking, { words: asked.words, before: context.live.rules }).map(stepText),
    reason: verdict.verdict === 'unknown' ? [verdict.reason, ...verdict.details] : [],
  };
}

const first =
  (change: (table: NftTable) => NftTable): NftChange =>
  ({ tables }) => ({
    tables: tables.map((table, at) => (at === 0 ? change(table) : table)),
  });
const with4 =
  (save: string): NftChange =>
  ({ rules }) => ({ rules: { ...rules, ipv4: parseSave(save).ruleset } });
const other =
  (table: string, body: string): NftChange =>
  ({ others }) => ({
    others: [...others, { table, text: `table ${table} {\n${body}\n}\n` }],
  });

const FORWARD_DROP = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n';
const USERS =
  '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 25 -j DROP\nCOMMIT\n';

describe.each(['plain', 'ipv6', 'two-bridges'])('beside the Engine of the recording %s', (name) => {
  test.each<[string, NftChange]>([
    ['nft flush ruleset', () => ({ tables: [], others: [] })],
    [
      'nft -f /etc/nftables.conf',
      ({ others }) => ({
        tables: [],
        others: [
          ...others,
          {
            table: 'inet filter',
            text: 'table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n\t}\n\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy accept;\n\t}\n\n\tchain output {\n\t\ttype filter hook output priority filter; policy accept;\n\t}\n}\n',
          },
        ],
      }),
    ],
    ['nft delete table ip docker-bridges', ({ tables }) => ({ tables: tables.slice(1) })],
    [
      'nft flush table ip docker-bridges',
      first((table) => withChains(table, (all) => all.map((one) => ({ ...one, rules: [] })))),
    ],
    [
      'nft flush chain ip docker-bridges nat-POSTROUTING',
      first((table) => withRules(table, 'nat-POSTROUTING', () => [])),
    ],
    [
      'nft flush chain ip docker-bridges raw-PREROUTING',
      first((table) => withRules(table, 'raw-PREROUTING', () => [])),
    ],
    [
      'nft flush map ip docker-bridges filter-forward-in-jumps',
      first((table) => withElements(table, 'filter-forward-in-jumps', () => [])),
    ],
    [
      'nft delete rule ip docker-bridges filter-FORWARD handle 11',
      first((table) => withRules(table, 'filter-FORWARD', (all) => all.slice(1))),
    ],
  ])('%s is refused, and a repair brings every way back', async (words, change) => {
    const { verdict, lost, wayBack, next } = await judged(name, words, change);
    expect({ verdict, wayBack }).toEqual({ verdict: 'would-break', wayBack: 'repair' });
    expect(lost).toBeGreaterThan(0);
    expect(next).toEqual([`To run it and repair what it breaks: rulesguard run --mode repair -- ${words}`]);
  });
});

describe('beside an Engine that writes with nftables', () => {
  test.each<[string, NftChange, string]>([
    ['iptables -P FORWARD DROP', with4(FORWARD_DROP), 'What takes it back: iptables -P FORWARD ACCEPT'],
    [
      'nft -f mine.nft',
      other('inet x', '\tchain f {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}'),
      'What takes it back: nft delete table inet x',
    ],
  ])('%s: cuts ways, loses nothing of Docker’s, and no repair takes it back', async (words, change, line) => {
    const { verdict, effects, lost, wayBack, next } = await judged('plain', words, change);
    expect({ verdict, effects, lost, wayBack }).toMatchObject({
      ...{ verdict: 'would-break', lost: 0, wayBack: 'rollback' },
      effects: expect.arrayContaining(['outage']) as string[],
    });
    expect(next).toContain(line);
  });

  test('sysctl net.ipv4.ip_forward=0 is refused, with what takes it back', async () => {
    const { verdict, next } = await judged('plain', 'sysctl -w net.ipv4.ip_forward=0', ({ sysctls }) => ({
      sysctls: new Map(
        [...sysctls].map(([path, value]) => [path, /^ipv4\/.*forward/.test(path) ? '0' : value]),
      ),
    }));
    expect(verdict).toBe('would-break');
    expect(next).toContain('What takes it back: sysctl -w net.ipv4.ip_forward=1');
  });

  test.each<[string, NftChange]>([
    ['nothing', () => ({})],
    [
      'a table with a rule of INPUT',
      other(
        'inet mine',
        '\tchain c {\n\t\ttype filter hook input priority filter; policy accept;\n\t\ttcp dport 25 drop\n\t}',
      ),
    ],
    ['a table without a hook', other('inet mine', '\tchain c {\n\t\ttcp dport 25 drop\n\t}')],
    ['a rule of INPUT in iptables', with4(USERS)],
    [
      'the same table made again, with other handles',
      first((table) =>
        withRules(table, 'raw-PREROUTING', (all) =>
          all.map((rule) => ({ ...rule, handle: (rule.handle ?? 0) + 500 })),
        ),
      ),
    ],
  ])('%s is safe', async (words, change) => {
    expect(await judged('plain', words, change)).toMatchObject({ verdict: 'safe', lost: 0, reason: [] });
  });

  test('iptables -F is safe: nothing in there is Docker’s', async () => {
    const rules = { ipv4: parseSave(USERS).ruleset, ipv6: EMPTY_RULESET };
    const flushed = with4(USERS.replace(/^-A .*\n/m, ''));
    expect(await judged('plain', 'iptables -F', flushed, { rules })).toMatchObject({
      verdict: 'safe',
      lost: 0,
    });
  });

  test('damage that was there before is not the change’s', async () => {
    const broken = first((table) => withRules(table, 'nat-POSTROUTING', () => []))(
      nftChangeHost('plain', () => ({})).firewall,
    );
    const { verdict } = await judged('plain', 'true', () => ({}), broken);
    expect(verdict).toBe('safe');
  });

  test('what others closed on purpose, and a flush opens with all else, is no loss a repair brings back', async () => {
    const others = [
      {
        table: 'inet mine',
        text: 'table inet mine {\n\tchain f {\n\t\ttype filter hook prerouting priority -310; policy accept;\n\t\tip saddr 192.0.2.0/24 tcp dport 8080 drop\n\t}\n}\n',
      },
    ];
    const { verdict, wayBack } = await judged(
      'plain',
      'nft flush ruleset',
      () => ({ tables: [], others: [] }),
      { others },
    );
    expect({ verdict, wayBack }).toEqual({ verdict: 'would-break', wayBack: 'rollback' });
  });

  test('a rule put into a chain of Docker’s that opens an unpublished port is refused', async () => {
    const { tables } = nftChangeHost('plain', () => ({})).firewall;
    const rule = tables[0]?.chains
      .get('filter-forward-in__docker0')
      ?.rules.find(({ text }) => text.includes('tcp dport'));
    if (rule === undefined) throw new Error('no rule of a port');
    const { verdict, effects } = await judged(
      'plain',
      'nft insert rule …',
      first((table) => {
        const text = rule.text.replace(/dport \d+/, 'dport 5432');
        return withRules(
          withRules(table, 'raw-PREROUTING', () => []),
          'filter-forward-in__docker0',
          (all) => [{ ...rule, text, key: text, handle: 999 }, ...all],
        );
      }),
    );
    expect({ verdict, effects }).toMatchObject({ verdict: 'would-break', effects: ['exposure'] });
  });

  test.each<[string, string, 'safe' | 'would-break', readonly string[]]>([
    ['is safe where it lets published ports in', '22, 8080, 9090', 'safe', []],
    // docker-proxy takes them there, for a container without IPv6.
    ['cuts them by IPv6 where it does not', '22, 9090', 'would-break', ['outage']],
  ])('a firewall of zones that asks what comes to the host alone %s', async (_, ports, told, differing) => {
    const zones = other(
      'inet zones',
      `\tchain in {\n\t\ttype filter hook input priority 10; policy accept;\n\t\tct state established,related accept\n\t\tiifname { "lo", "docker0" } accept\n\t\tjump public\n\t\treject with icmpx admin-prohibited\n\t}\n\n\tchain public {\n\t\ttcp dport { ${ports} } accept\n\t\tudp dport 5353 accept\n\t\tmeta l4proto { icmp, ipv6-icmp } accept\n\t}\n`,
    );
    const { verdict, effects, reason } = await judged('plain', 'nft -f zones.nft', zones);
    expect({ verdict, effects, reason }).toEqual({ verdict: told, effects: differing, reason: [] });
  });
});
