import { describe, expect, test } from 'vitest';
import { guardChange } from '../../../../src/app/guard-change/guard-change.ts';
import { parseSave } from '../../../../src/firewall/iptables/text/parse.ts';
import { nftChangeHost, type NftChange } from '../../../support/nftables/change-host.ts';

const reference = { source: 'both', stored: undefined } as const;
const STOPS =
  'table inet x {\n\tchain f {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}\n';
const USERS =
  '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 25 -j DROP\nCOMMIT\n';

describe('a change that is made beside an Engine that writes with nftables', () => {
  const flush: NftChange = () => ({ tables: [], others: [] });
  const made = async (mode: 'repair' | 'report', change: NftChange) => {
    const host = nftChangeHost('plain', change);
    const before = host.firewall;
    const done: string[] = [];
    const guarded = await guardChange(
      {
        change: { words: ['nft', '-f', 'x'], input: { text: '', ends: true } },
        ...{ mode, dryRun: false, policies: 'leave', rehearsalSeconds: 30, confirmSeconds: 0 },
      },
      {
        host,
        openReference: () => Promise.resolve(reference),
        record: () => Promise.resolve(done.push('record')),
        restore: () => {
          done.push('restore');
          host.firewall = { ...host.firewall, tables: before.tables };
          return Promise.resolve({ isWhole: true });
        },
        whileAnnounced: (change) => change(),
        confirming: {} as never,
        during: (_, work) => work,
        emit: (event) => {
          done.push(
            event.kind === 'impact' ? `impact ${String(event.impact.findings.length > 0)}` : event.kind,
          );
        },
      },
    );
    return { guarded, done };
  };

  test('with repair: recorded, made, repaired; nothing is left to say', async () => {
    expect(await made('repair', flush)).toEqual({
      guarded: { kind: 'made', exit: 0 },
      done: ['record', 'restore'],
    });
  });

  test('with repair, where the change also stops packets: what no repair takes away is said, exit 1', async () => {
    const change: NftChange = () => ({ tables: [], others: [{ table: 'inet x', text: STOPS }] });
    expect(await made('repair', change)).toEqual({
      guarded: { kind: 'made', exit: 1 },
      done: ['record', 'restore', 'impact false'],
    });
  });

  test('with report: what it lost is said, exit 1', async () => {
    expect(await made('report', flush)).toEqual({
      guarded: { kind: 'made', exit: 1 },
      done: ['impact true'],
    });
  });

  test('one that loses nothing says nothing', async () => {
    const harmless: NftChange = ({ rules }) => ({ rules: { ...rules, ipv4: parseSave(USERS).ruleset } });
    expect(await made('report', harmless)).toEqual({ guarded: { kind: 'made', exit: 0 }, done: [] });
  });
});
