import { describe, expect, test } from 'vitest';
import { nftRule } from '../../../../../src/firewall/nftables/tables/rule.ts';
import { withChains, withRules, withTable } from '../../../../support/nftables/edits.ts';
import { recordedTables, told } from '../../../../support/nftables/host.ts';

const FOREIGN = nftRule([{ is: 'foreign', json: '{"limit":{"rate":10}}' }, { is: 'accept' }], {
  handle: 999,
});

describe('a rule that is moved', () => {
  const moved = (name: string, chain: string, isIt: (text: string) => boolean, to: 'first' | 'last') =>
    recordedTables(name).found((table) =>
      withRules(table, chain, (rules) => {
        const others = rules.filter(({ text }) => !isIt(text));
        const it = rules.filter(({ text }) => isIt(text));
        return to === 'first' ? [...it, ...others] : [...others, ...it];
      }),
    );

  test('is found where that decides', () => {
    const closing = 'counter drop comment "UNPUBLISHED PORT DROP"';
    expect(moved('plain', 'filter-forward-in__docker0', (text) => text === closing, 'first')).toEqual([
      `misplaced filter-forward-in__docker0: ${closing}`,
    ]);
    const established = (text: string): boolean => text.startsWith('ct state');
    expect(moved('plain', 'filter-forward-in__docker0', established, 'last')).toHaveLength(1);
    const jump = 'iifname vmap @filter-forward-out-jumps';
    expect(moved('plain', 'filter-FORWARD', (text) => text === jump, 'first')).toHaveLength(1);
  });

  test('is not where packets fare alike', () => {
    const accept = (text: string): boolean => text.endsWith(' dport 80 counter accept');
    expect(moved('plain', 'filter-forward-in__docker0', accept, 'first')).toEqual([]);
    expect(moved('ports', 'nat-prerouting-and-output', (text) => text.includes('7000'), 'last')).toEqual([]);
    expect(moved('ports', 'raw-PREROUTING', (text) => text.includes('172.18'), 'last')).toEqual([]);
  });

  test('a port that icc closes to its own network stands behind that', () => {
    const icc = (text: string): boolean => text.endsWith('drop comment "ICC"');
    const { ipv4 } = recordedTables('icc-false');
    const chain = [...ipv4.chains.values()].find(({ rules }) => rules.some(({ text }) => icc(text)));
    const found = moved('icc-false', chain?.name ?? '', icc, 'last');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      /^misplaced filter-forward-in__br-\w+: iifname "br-\w+" counter drop comment "ICC"$/,
    );
  });
});

describe('a rule of Docker’s that nothing requires', () => {
  const extra = (name: string, chain: string, like: string, change: (text: string) => string) => {
    const { found, ipv4 } = recordedTables(name);
    const model = ipv4.chains.get(chain)?.rules.find(({ text }) => text.includes(like));
    if (model === undefined) throw new Error(like);
    const text = change(model.text);
    return found((table) => withRules(table, chain, (rules) => [...rules, { ...model, text, key: text }]));
  };
  const DNAT = 'nat-prerouting-and-output';

  test('a translation that leads a published port elsewhere is diverted', () => {
    expect(extra('modes', DNAT, 'dport 8086', (text) => text.replace('172.19.0.2', '10.9.9.9'))).toEqual([
      `diverted ${DNAT}: iifname != "br-ed927736bcc2" tcp dport 8086 counter dnat to 10.9.9.9:80 comment "DNAT"`,
    ]);
    expect(
      extra('modes', DNAT, 'dport 8086', (text) =>
        text.replace('tcp dport', 'ip daddr 192.0.2.1 tcp dport').replace('0.2:80', '0.9:80'),
      )[0],
    ).toMatch(/^diverted /);
  });

  test('one to an address that another container has now, too', () => {
    expect(extra('modes', DNAT, 'dport 8086', (text) => text.replace('8086', '9999'))[0]).toMatch(
      /^diverted /,
    );
  });

  test('about an address or a bridge that is gone it is a leftover', () => {
    const gone = (text: string): string => text.replace('8086', '9999').replace('172.19.0.2', '172.19.0.77');
    expect(extra('modes', DNAT, 'dport 8086', gone)[0]).toMatch(/^leftover /);
    const raw = extra('modes', 'raw-PREROUTING', '172.17.0.2', (text) => text.replace('docker0', 'br-gone'));
    expect(raw[0]).toMatch(/^leftover /);
  });

  test('about a container that runs it is unexpected', () => {
    const chain = 'filter-forward-in__docker0';
    expect(extra('modes', chain, 'tcp dport 80', (text) => text.replace(' 80 ', ' 22 '))).toEqual([
      `unexpected ${chain}: ip daddr 172.17.0.2 tcp dport 22 counter accept`,
    ]);
  });
});

describe('whole tables', () => {
  test('one that is lost', () => {
    const { found, ipv4 } = recordedTables('plain');
    const rules = [...ipv4.chains.values()].flatMap((chain) => chain.rules).length;
    const lines = found(() => undefined);
    expect(lines).toContain('ipv4: table lost');
    expect(lines.filter((line) => line.startsWith('missing ') && !line.includes('-jumps:'))).toHaveLength(
      rules,
    );
  });

  test('others in Docker’s, and leftovers of a network that is gone', () => {
    const { found } = recordedTables('plain');
    const established = nftRule([{ is: 'foreign', json: '1' }]);
    expect(
      found((table) => ({
        ...withChains(table, (all) => [
          ...all,
          { name: 'mine', rules: [] },
          { name: 'filter-forward-in__br-gone', rules: [] },
          { name: 'filter-forward-out__br-gone', rules: [established] },
        ]),
        sets: new Map([['mine', { name: 'mine', type: 'ifname', elements: [] }]]),
        others: ['{"flowtable":{}}'],
      })),
    ).toEqual([
      'foreign filter-forward-out__br-gone',
      'foreign mine',
      'foreign set mine',
      'foreign {"flowtable":{}}',
      'leftover filter-forward-in__br-gone',
    ]);
  });

  test('overlays: the ids in the set, and a set made otherwise', () => {
    const { tables, compare } = recordedTables('mesh');
    const overlay = tables.find(({ name }) => name === 'docker-overlay');
    if (overlay === undefined) throw new Error('no overlay');
    const changed = (elements: readonly string[], type: string) =>
      compare(
        withTable(tables, overlay, {
          ...overlay,
          sets: new Map([['encrypted-vnis', { name: 'encrypted-vnis', type, elements }]]),
        }),
      ).flatMap(told);
    expect(changed(['4100'], 'typeof @th,96,24')).toEqual([
      'leftover encrypted-vnis: 4100',
      'missing encrypted-vnis: 4098',
    ]);
    // As nft 1.0.6 lists it.
    expect(changed(['4098'], 'integer')).toEqual([]);
    expect(changed(['4098'], 'typeof @th,96,24 flags ["dynamic"]')).toEqual(['retyped encrypted-vnis']);
  });

  test('an idle table of overlays is none, until somebody puts something in', () => {
    const { tables, compare } = recordedTables('swarm');
    const overlay = tables.find(({ name }) => name === 'docker-overlay');
    if (overlay === undefined) throw new Error('no overlay');
    const busy = withRules(overlay, 'enc-in', (rules) => [...rules, FOREIGN]);
    expect(compare(withTable(tables, overlay, busy)).flatMap(told)).toContain('foreign enc-in');
  });
});
