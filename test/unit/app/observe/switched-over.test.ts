import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { diagnose } from '../../../../src/doctor/diagnose.ts';
import { healthyFacts } from '../../../support/doctor/host-facts.ts';
import { EMPTY_RULESET } from '../../../../src/firewall/iptables/text/model.ts';
import type { Notice } from '../../../../src/reconcile/notices.ts';
import { BASELINE, ENGINE_REPLY, WHOLE_RULES } from '../../../support/app/memory-diagnosis-host.ts';
import { checked, memoryCheckHost } from '../../../support/app/checked.ts';
import { NO_ENGINE } from '../../../support/app/memory-host.ts';
import { nftRecording } from '../../../support/nftables/recordings.ts';

const EMPTY = { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };
const silent = { askEngine: () => Promise.resolve(NO_ENGINE) };

test('a stopped Engine that was switched over to nftables leaves no host damaged by an old baseline', async () => {
  const { tables } = nftRecording('plain');
  const host = memoryCheckHost(EMPTY, { ...silent, readTables: () => Promise.resolve(tables) });
  await expect(checked(host, { stored: BASELINE })).rejects.toMatchObject({
    ...{ code: 'RG_ENGINE_ABSENT', exit: 3 },
    message: expect.stringMatching(/Docker's own tables of nftables are here/) as string,
  });
});

test('rules of iptables that are lost are lost, whether nft can be asked or not', async () => {
  for (const readTables of [
    () => Promise.resolve([]),
    () => Promise.reject(new Fault('RG_MISSING_TOOL', 3, 'nft is not installed')),
  ]) {
    const { verdict } = await checked(memoryCheckHost(EMPTY, { ...silent, readTables }), {
      stored: BASELINE,
    });
    expect(verdict.state).toBe('damaged');
  }
});

describe('tables beside an Engine that writes with iptables', () => {
  const { tables } = nftRecording('ports');
  const found = async (reply: typeof ENGINE_REPLY, readTables = () => Promise.resolve(tables)) => {
    const notices: Notice[] = [];
    const askEngine = () => Promise.resolve(reply);
    const { observation } = await checked(memoryCheckHost(WHOLE_RULES, { askEngine, readTables }), {
      notices,
    });
    return { told: observation.findings.map(({ consequence }) => consequence).join('; '), notices };
  };

  test('they are told, however old the Engine is: it may have been newer', async () => {
    expect((await found(ENGINE_REPLY)).told).toMatch(/nft delete table ip docker-bridges/);
  });

  const LISTED = `table ip docker-bridges { # handle 1
\tmap filter-forward-in-jumps { # handle 2
\t\ttype ifname : verdict
\t\telements = { "docker0" : jump filter-forward-in__docker0 }
\t}

\tchain filter-FORWARD { # handle 3
\t\ttype filter hook forward priority filter; policy accept;
\t\toifname vmap @filter-forward-in-jumps # handle 4
\t}

\tchain filter-forward-in__docker0 { # handle 5
\t\tct state established,related counter packets 0 bytes 0 accept # handle 6
\t\tcounter packets 0 bytes 0 drop comment "UNPUBLISHED PORT DROP" # handle 7
\t}
}
`;

  test.each([
    [1, 'nft delete table ip docker-bridges'],
    [2, undefined],
  ])(
    'what they close Docker does not mean: with %i Engines here, taken out by %s',
    async (count, command) => {
      const natives = [{ table: 'ip docker-bridges', text: LISTED }];
      const { verdict, removals } = await checked(
        memoryCheckHost(WHOLE_RULES, {
          askEngine: () => Promise.resolve({ ...ENGINE_REPLY, daemons: { count, facts: {} } }),
          readTables: () => Promise.resolve(nftRecording('plain').tables),
          readNatives: () => Promise.resolve(natives),
        }),
      );
      expect(verdict.state).toBe('overridden');
      expect([...removals.values()]).toEqual(command === undefined ? [] : [command]);
      const facts = { ...healthyFacts(), leftTables: { names: ['ip docker-bridges'], isAlone: count === 1 } };
      const { causes } = diagnose(
        { ...facts, netState: { ...facts.netState, natives } },
        { about: ':8080', from: '' },
      );
      expect(causes.map(({ code }) => code)).toEqual(['native-stops']);
      const commands = causes.flatMap(({ remedies }) => remedies.flatMap((remedy) => remedy.commands));
      expect(commands.filter((one) => one.startsWith('nft delete'))).toEqual(
        command === undefined ? [] : [command],
      );
    },
  );

  test('beside a second Engine they may be that one’s', async () => {
    const { told } = await found({ ...ENGINE_REPLY, daemons: { count: 2, facts: {} } });
    expect(told).toMatch(/another Engine/);
    expect(told).not.toMatch(/nft delete/);
  });

  test.each([
    ['RG_COMMAND', ['left-unread']],
    ['RG_MISSING_TOOL', []],
    ['RG_MODULES', []],
  ] as const)('what could not be read is not none: %s', async (code, kinds) => {
    const { notices } = await found(ENGINE_REPLY, () => Promise.reject(new Fault(code, 3, 'no')));
    expect(notices.map(({ kind }) => kind)).toEqual(kinds);
  });
});

test.each([
  ['no Engine, and no process of one', 'RG_ENGINE_ABSENT', 0, true],
  ['a process of one, whose socket is elsewhere', 'RG_ENGINE_ABSENT', 1, false],
  ['an Engine that hangs', 'RG_ENGINE_HUNG', undefined, false],
  ['an Engine that is stopped', 'RG_ENGINE_DOWN', undefined, false],
] as const)('%s: its tables are taken out only where it is gone for good', async (_, code, count, isGone) => {
  const { tables } = nftRecording('ports');
  const fault = new Fault(code, 3, 'no answer', { hint: 'the hint of that' });
  const askEngine = () =>
    Promise.resolve({ answered: false as const, fault, ...(count !== undefined && { daemonCount: count }) });
  const host = memoryCheckHost(EMPTY, { askEngine, readTables: () => Promise.resolve(tables) });
  const error: unknown = await checked(host).catch((reason: unknown) => reason);
  if (!(error instanceof Fault)) throw new Error('no fault');
  expect(error.hint?.includes('nft delete table ip docker-bridges')).toBe(isGone);
  expect(error.hint?.includes('the hint of that')).toBe(!isGone);
  expect(error.details.join('\n').includes('it still leads')).toBe(isGone);
});
