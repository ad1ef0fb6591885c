import { describe, expect, test } from 'vitest';
import type { DiagnosisHost } from '../../../../src/app/diagnose/ports.ts';
import type { EngineReply } from '../../../../src/docker/engine-reply.ts';
import type { UnseenPart } from '../../../../src/doctor/facts/facts.ts';
import { Fault, type FaultCode } from '../../../../src/fault.ts';
import { EMPTY_RULESET, makeRule } from '../../../../src/firewall/iptables/text/model.ts';
import { without } from '../../../support/app/edit-rules.ts';
import { codesOf, diagnosed, failing } from '../../../support/app/diagnosed.ts';
import { BASELINE, ENGINE_REPLY, WHOLE_RULES } from '../../../support/app/memory-diagnosis-host.ts';
import { liveOf } from '../../../support/recorded/observation.ts';

const DAMAGED = without(WHOLE_RULES, 'ipv4', 'nat', /^-A PREROUTING /);
const RECORDED: Pick<DiagnosisHost, 'baselines'> = {
  baselines: { open: () => Promise.resolve(BASELINE), readDeclared: () => Promise.resolve({}) },
};

/** An Engine that does not give an inventory, or keeps no iptables rules. */
const silent = (code: FaultCode, more: object = {}): Partial<DiagnosisHost> => {
  const reply: EngineReply = { answered: false, fault: new Fault(code, 3, 'the Engine'), ...more };
  return { askAnyEngine: () => Promise.resolve(reply), askEngine: () => Promise.resolve(reply) };
};

test('without root nothing is diagnosed', async () => {
  await expect(diagnosed(WHOLE_RULES, { readVariants: failing('RG_PRIVILEGE') })).rejects.toMatchObject({
    code: 'RG_PRIVILEGE',
  });
});

/** Each source that may fail by itself, and the part of the facts it is named by. */
const SOURCES: readonly (readonly [keyof DiagnosisHost, UnseenPart])[] = [
  ['readVariants', 'rules'],
  ['readSets', 'sets'],
  ['readNatives', 'nftables tables'],
  ['readLinks', 'interfaces'],
  ['readRouting', 'routes'],
  ['listContainers', 'containers'],
  ['readContainers', 'containers'],
];

test.each(SOURCES)(
  '%s fails: %s are named as unseen, all else is read, and exit 0 is impossible',
  async (source, part) => {
    const { facts: whole } = await diagnosed();
    const { facts, exit } = await diagnosed(WHOLE_RULES, {
      [source]: failing('RG_MISSING_TOOL', 'the tool is not installed'),
    });
    expect(new Set(facts.unseen?.map(({ what }) => what))).toEqual(new Set([part]));
    expect(facts.unseen?.[0]).toMatchObject({
      unavailable: 'the tool is not installed',
      code: 'RG_MISSING_TOOL',
    });
    expect(exit).not.toBe(0);
    const { netState, containers, drift } = facts;
    expect({
      rules: netState.rulesets.length > 0 && 'findings' in drift,
      sets: netState.sets !== undefined,
      'nftables tables': netState.natives !== undefined,
      interfaces: netState.links.length > 0,
      routes: netState.routes.length > 0,
      containers: containers.length > 0,
    } satisfies Record<UnseenPart, boolean>).toEqual({
      ...{
        rules: true,
        sets: true,
        'nftables tables': true,
        interfaces: true,
        routes: true,
        containers: true,
      },
      [part]: false,
    });
    expect(facts.networks).toEqual(whole.networks);
  },
);

test('rules that cannot be read are not called lost', async () => {
  const found = await diagnosed(WHOLE_RULES, { readVariants: failing('RG_MISSING_TOOL') });
  expect(found.facts).toMatchObject({ drift: { code: 'RG_MISSING_TOOL' }, variant: undefined });
  expect(found.facts.netState.unread).toBe("iptables' rules could not be read");
  expect(codesOf(found, 'fail')).toEqual([]);
});

test('nft that is not installed is named as unseen; ipset only where a rule asks a set', async () => {
  const none = { readSets: () => Promise.resolve(null), readNatives: () => Promise.resolve(null) };
  const { facts } = await diagnosed(WHOLE_RULES, none);
  expect(facts.unseen?.map(({ what }) => what)).toEqual(['nftables tables']);
});

test.each([
  ['fedora', 'Install it: dnf install nftables'],
  [undefined, 'Install its package, usually called nftables'],
] as const)('on %s: what installs it', async (distribution, hint) => {
  const readNatives = () => Promise.resolve(null);
  const { facts } = await diagnosed(WHOLE_RULES, { readNatives, distribution: () => distribution });
  expect(facts.unseen).toMatchObject([{ hint }]);
});

describe('an Engine that does not answer', () => {
  const findProcesses = () =>
    Promise.resolve({ containers: new Map<string, number>(), daemons: [], proxies: [] });
  const gone = { ...silent('RG_ENGINE_DOWN'), listContainers: failing('RG_ENGINE_DOWN'), findProcesses };

  test('is the fault, and its containers are not read from another one', async () => {
    const found = await diagnosed(WHOLE_RULES, gone);
    expect(codesOf(found, 'fail')).toEqual(['engine-down']);
    expect(found.facts).toMatchObject({ drift: { code: 'RG_NO_BASELINE' }, containers: [], unseen: [] });
    expect(found.diagnosis).toMatchObject({ engine: '', firewallBackend: '', variant: 'nft' });
  });

  test('and has no socket is down where its rules are there', async () => {
    const found = await diagnosed(WHOLE_RULES, { ...gone, ...silent('RG_ENGINE_ABSENT') });
    expect(codesOf(found, 'fail')).toEqual(['engine-down']);
  });

  test('leaves the baseline to compare with', async () => {
    const found = await diagnosed(DAMAGED, { ...gone, ...RECORDED });
    expect(found.facts.drift).toMatchObject({ baseline: BASELINE.id });
    expect(codesOf(found, 'fail')).toContain('rules-lost');
  });
});

describe('an Engine that keeps no rules', () => {
  const off = silent('RG_ENGINE_NO_IPTABLES', { inventory: ENGINE_REPLY.inventory });

  test('has lost none, whatever a baseline says; its containers are read', async () => {
    const found = await diagnosed(DAMAGED, { ...off, ...RECORDED });
    expect(found.facts.drift).toMatchObject({ code: 'RG_ENGINE_NO_IPTABLES' });
    expect(codesOf(found, 'fail')).not.toContain('rules-lost');
    expect(found.facts.containers.map(({ name }) => name)).toContain('web');
  });

  test('is named by its firewall backend', async () => {
    expect((await diagnosed(WHOLE_RULES, off)).diagnosis.firewallBackend).toBe('iptables');
  });
});

describe('both variants of iptables hold rules', () => {
  const nft = liveOf(WHOLE_RULES);
  const beside = (rules: typeof WHOLE_RULES): Partial<DiagnosisHost> => ({
    readVariants: () => Promise.resolve({ nft, legacy: { ...liveOf(rules), variant: 'legacy' } }),
  });

  test("Docker's in both: a fault, and the variant is that of plain iptables", async () => {
    const usualVariant = () => Promise.resolve('legacy' as const);
    const found = await diagnosed(WHOLE_RULES, { ...beside(WHOLE_RULES), usualVariant });
    expect(found.facts).toMatchObject({ drift: { code: 'RG_VARIANTS_SPLIT' }, variant: 'legacy' });
    expect(codesOf(found, 'fail')).toContain('variants-split');
  });

  test("only another's in legacy: packets are followed through both, Docker's are compared in nft", async () => {
    const chain = { name: 'FORWARD', policy: 'ACCEPT', counters: '0:0' } as const;
    const rules = [makeRule('-A FORWARD -s 203.0.113.7/32 -j DROP', '0:0')];
    const filter = { name: 'filter', chains: new Map([['FORWARD', { ...chain, rules }]]) };
    const foreign = { ipv4: { tables: new Map([['filter', filter]]) }, ipv6: EMPTY_RULESET };
    const found = await diagnosed(WHOLE_RULES, beside(foreign));
    expect(found.facts).toMatchObject({ drift: { findings: [] }, variant: 'nft' });
    expect(found.facts.netState.rulesets.map(({ variant }) => variant)).toEqual(['nft', 'legacy']);
  });

  test('a baseline of legacy while Docker writes nft: a fault', async () => {
    const stored = { ...BASELINE, baseline: { ...BASELINE.baseline, variant: 'legacy' as const } };
    const found = await diagnosed(WHOLE_RULES, {
      baselines: { open: () => Promise.resolve(stored), readDeclared: () => Promise.resolve({}) },
    });
    expect(found.facts).toMatchObject({ drift: { code: 'RG_VARIANTS_SPLIT' }, variant: 'nft' });
  });
});
