import { describe, expect, test } from 'vitest';
import { reportOf, type Checked } from '../../../../src/app/check/check.ts';
import { Fault } from '../../../../src/fault.ts';
import { makeRule, type HostRules } from '../../../../src/firewall/iptables/text/model.ts';
import { checkNagios } from '../../../../src/report/check/nagios.ts';
import { checkText } from '../../../../src/report/check/text.ts';
import { effectWords } from '../../../../src/report/check/words.ts';
import { paintWith } from '../../../../src/report/text.ts';
import { checked, memoryCheckHost } from '../../../support/app/checked.ts';
import { flushed, without, withPolicy, withRule } from '../../../support/app/edit-rules.ts';
import { BASELINE, ENGINE_REPLY, WHOLE_RULES } from '../../../support/app/memory-diagnosis-host.ts';
import { memoryHost } from '../../../support/app/memory-host.ts';
import { snapped } from '../../../support/app/snapped.ts';

const plain = paintWith(false);
const filterFirst = (text: string, rules = WHOLE_RULES): HostRules =>
  withRule(rules, 'ipv4', 'filter', text, 'first');
const textOf = (found: Checked): string => checkText(reportOf(found), plain, 'screen');
const effectsOf = ({ verdict }: Checked): readonly string[] =>
  verdict.effects.map((found) => `${found.effect} ${found.cause}: ${effectWords(found).headline}`);

describe('a host is judged by its packets', () => {
  test('whole and effective: INTACT, exit 0, with the doctor line', async () => {
    const found = await checked(memoryCheckHost());
    expect(found.verdict).toMatchObject({ state: 'intact', exit: 0, effects: [] });
    expect(textOf(found)).toMatch(/^INTACT {2}all 27 rules of Docker's are in place, and packets get where/);
    expect(textOf(found)).toContain('Packets still do not arrive? rulesguard doctor');
  });

  test('nat flushed: who does not get out comes first, and what docker-proxy serves is not unreachable', async () => {
    const found = await checked(memoryCheckHost(flushed(WHOLE_RULES)));
    expect(found.verdict).toMatchObject({ state: 'damaged', exit: 1 });
    expect(effectsOf(found)).toEqual([
      'outage lost: 1 container does not reach the outside',
      'outage lost: 1 container does not reach its name server',
      'degraded lost: 2 published ports reached from outside through docker-proxy alone',
      'degraded lost: 2 published ports reached from this host through docker-proxy alone',
    ]);
    expect(checkNagios(found.verdict, 27).line).toMatch(
      /^RULESGUARD CRITICAL - 1 container does not reach the outside \(and 3 more effects\) \| exposure=0;;0;0 outage=5;/,
    );
  });

  test('filter flushed under policy DROP: nothing is said to be open', async () => {
    const found = await checked(memoryCheckHost(flushed(WHOLE_RULES, 'ipv4', 'filter')));
    expect(found.verdict.state).toBe('damaged');
    expect(effectsOf(found).filter((line) => line.startsWith('exposure'))).toEqual([]);
    expect(textOf(found)).not.toMatch(/reach each other/);
  });

  test('a rule before whole rules of Docker: OVERRIDDEN, the rule, and the command that was tried', async () => {
    const rule = '-A FORWARD -p tcp -m tcp --dport 80 -j DROP';
    const found = await checked(memoryCheckHost(filterFirst(rule)));
    expect(found.verdict).toMatchObject({ state: 'overridden', exit: 1 });
    const text = textOf(found);
    expect(text).toMatch(/^OVERRIDDEN {2}1 outage, though all 27 rules of Docker's are in place/);
    expect(text).toContain('OUTAGE  1 published port unreachable from outside: web 8080');
    expect(text).toContain(`filter: ${rule}`);
    expect(text).toContain(`If it is not wanted: iptables -w -t filter ${rule.replace('-A', '-D')}`);
    expect(text).toContain('If it is meant: rulesguard snapshot (it counts as meant from then on)');
    expect(text).not.toContain('Next:');
    expect(text).not.toContain('rulesguard restore');
  });

  test('beside what must not be meant too, a filter is meant by accept, not by a snapshot', async () => {
    const closed = filterFirst('-A FORWARD -p tcp -m tcp --dport 80 -j DROP');
    const opens = '-A PREROUTING -i eth0 -j ACCEPT';
    const found = await checked(memoryCheckHost(withRule(closed, 'ipv4', 'raw', opens, 'first')));
    expect(new Set(found.verdict.effects.map(({ effect }) => effect))).toEqual(
      new Set(['exposure', 'outage']),
    );
    expect(textOf(found)).toMatch(/If it is meant: rulesguard accept [0-9a-f]{6} --reason TEXT --until DATE/);
    expect(textOf(found)).not.toContain('rulesguard snapshot');
    expect(textOf(found)).toContain('Next: iptables -w -t raw -D PREROUTING -i eth0 -j ACCEPT');
  });

  test("what lets everything in is closed before a restore gives Docker's own ways back", async () => {
    const opened = withRule(flushed(WHOLE_RULES), 'ipv4', 'raw', '-A PREROUTING -i eth0 -j ACCEPT', 'first');
    const text = textOf(await checked(memoryCheckHost(opened)));
    const [closing, restoring] = ['Next: iptables -w -t raw -D PREROUTING', 'Next: rulesguard restore'];
    expect(text).toContain(closing);
    expect(text.indexOf(closing)).toBeLessThan(text.indexOf(restoring));
  });

  test('a lost rule that could not be recorded: restore is not advised, and what to do instead is', async () => {
    const gone = {
      family: 'ipv4',
      table: 'filter',
      chain: 'DOCKER-USER',
      rule: '-A DOCKER-USER -j DROP',
    } as const;
    const stored = { ...BASELINE, baseline: { ...BASELINE.baseline, unread: [gone] } };
    const found = await checked(memoryCheckHost(), { stored });
    expect(found.verdict).toMatchObject({ state: 'damaged', exit: 1 });
    expect(textOf(found)).toContain('Next: load it again from the file or program that it comes from');
    expect(textOf(found)).not.toContain('rulesguard restore');
    const beside = await checked(memoryCheckHost(flushed(WHOLE_RULES)), { stored });
    expect(textOf(beside)).toContain('Next: rulesguard restore --dry-run');
  });

  test('a lost rule that a restore must not write: why it does not, and not that it repairs', async () => {
    const host = memoryHost(filterFirst('-A DOCKER-USER -s 203.0.113.7/32 -j DROP'), ENGINE_REPLY);
    await snapped(host);
    const recorded = host.stored.at(-1);
    if (recorded === undefined) throw new Error('nothing was recorded');
    const { readInFull: _, ...baseline } = recorded.baseline;
    const found = await checked(memoryCheckHost(), { stored: { ...recorded, baseline } });
    expect(found.verdict).toMatchObject({ state: 'damaged', exit: 1 });
    expect(textOf(found)).toContain(
      'restore cannot repair this: its baseline was recorded without verifying it',
    );
    expect(textOf(found)).not.toContain('Next: rulesguard restore');
  });

  test("a rule in DOCKER-USER is the operator's: INTACT, with a count", async () => {
    const rule = '-A DOCKER-USER -i eth0 -m conntrack --ctstate NEW -j DROP';
    const found = await checked(memoryCheckHost(filterFirst(rule)));
    expect(found.verdict).toMatchObject({ state: 'intact', exit: 0 });
    expect(textOf(found)).toMatch(/Rules of your own close \d+ ways: rulesguard reach lists them/);
  });

  test('a setting of the kernel: never INTACT, and restore is no answer', async () => {
    const healthy = memoryCheckHost();
    const forwarding = ['all', 'eth0', 'docker0'].map((name) => `ipv4/conf/${name}/forwarding`);
    const off = ['ipv4/ip_forward', ...forwarding].map((path) => [path, '0'] as const);
    const readSysctls: typeof healthy.readSysctls = (ports) =>
      new Map([...healthy.readSysctls(ports), ...off]);
    const found = await checked(memoryCheckHost(WHOLE_RULES, { readSysctls }));
    expect(found.verdict).toMatchObject({ state: 'overridden', exit: 1 });
    expect(textOf(found)).toContain('Next: rulesguard doctor');
  });

  test('a lost rule that no packet meets: a notice, and still damage to be repaired', async () => {
    const rules = without(WHOLE_RULES, 'ipv4', 'nat', /-A DOCKER -i docker0 -j RETURN/);
    const found = await checked(memoryCheckHost(rules));
    expect(found.verdict).toMatchObject({ state: 'damaged', exit: 1 });
    expect(effectsOf(found)).toEqual([
      "notice lost: 1 rule of Docker's is lost or out of place, without effect on any packet today",
    ]);
    expect(checkNagios(found.verdict, 27).exit).toBe(1);
  });

  test('a policy opened, and no container is reached by it: a notice, with what sets it back', async () => {
    const found = await checked(memoryCheckHost(withPolicy(WHOLE_RULES, 'ipv4', 'ACCEPT')));
    expect(effectsOf(found)).toEqual([
      'notice lost: 1 policy of FORWARD is not as recorded, without effect on any packet today',
    ]);
    expect(textOf(found)).toContain('Next: rulesguard restore --policies --dry-run');
  });

  test('rules lost beside a policy opened: the restore that repairs both', async () => {
    const rules = without(withPolicy(WHOLE_RULES, 'ipv4', 'ACCEPT'), 'ipv4', 'nat', /--dport 8080 -j DNAT/);
    const text = textOf(await checked(memoryCheckHost(rules)));
    expect(text).toContain('Next: rulesguard restore --policies --dry-run');
  });

  test('one rule of several lost from DOCKER-USER: a notice, exit 0', async () => {
    const ban = (last: number): string => `-A DOCKER-USER -s 203.0.113.${String(last)}/32 -j DROP`;
    const host = memoryHost(filterFirst(ban(6), filterFirst(ban(7))), ENGINE_REPLY);
    await snapped(host);
    const rules = without(host.rules, 'ipv4', 'filter', /203\.0\.113\.7/);
    const found = await checked(memoryCheckHost(rules), { stored: host.stored.at(-1) ?? null });
    expect(found.verdict.exit).toBe(0);
    expect(textOf(found)).toContain('-s 203.0.113.7/32 -j DROP');
  });
});

describe('what cannot be known', () => {
  test('a new rule that only traffic decides: CANNOT TELL, exit 3, and no command against it', async () => {
    const rule = '-A FORWARD -m recent --name x --rcheck -j DROP';
    const found = await checked(memoryCheckHost(filterFirst(rule)));
    expect(found.verdict).toMatchObject({ state: 'unknown', exit: 3 });
    expect(textOf(found)).toMatch(/^CANNOT TELL /);
    expect(textOf(found)).not.toContain('-D FORWARD');
  });

  test("a rule in DOCKER-USER that nft wrote and nobody recorded: CANNOT TELL, although the chain is the user's", async () => {
    const chain = WHOLE_RULES.ipv4.tables.get('filter')?.chains.get('DOCKER-USER');
    const unreadable = {
      ...makeRule('-A DOCKER-USER nft: ct state established drop', '0:0'),
      printed: '-A DOCKER-USER -j DROP',
    };
    const marked = filterFirst('-A DOCKER-USER -j DROP');
    const filter = marked.ipv4.tables.get('filter');
    if (chain === undefined || filter === undefined) throw new Error('no DOCKER-USER');
    const chains = new Map([
      ...filter.chains,
      ['DOCKER-USER', { ...chain, rules: [unreadable, ...chain.rules] }],
    ]);
    const tables = new Map([...marked.ipv4.tables, ['filter', { ...filter, chains }]]);
    const found = await checked(memoryCheckHost({ ...marked, ipv4: { tables } }));
    expect(found.verdict).toMatchObject({ state: 'unknown', exit: 3 });
  });

  const lacking = (hint?: string) => () =>
    Promise.reject(
      new Fault('RG_MISSING_TOOL', 3, 'ip is not installed', hint === undefined ? {} : { hint }),
    );

  test('what is not installed: CANNOT TELL, why, once, and what to install', async () => {
    const host = memoryCheckHost(WHOLE_RULES, { readLinks: lacking('apt-get install iproute2') });
    const found = await checked(host);
    expect(found.verdict).toMatchObject({ state: 'unknown', exit: 3 });
    expect(textOf(found).match(/ip is not installed/g)).toHaveLength(1);
    expect(textOf(found)).toContain('Next: apt-get install iproute2');
  });

  test('rules lost where packets cannot be followed: DAMAGED by the text of rules', async () => {
    const found = await checked(memoryCheckHost(flushed(WHOLE_RULES), { readLinks: lacking() }));
    expect(found.verdict).toMatchObject({ state: 'damaged', exit: 1 });
  });

  test('a hung Engine: INTACT by the baseline alone, and said so', async () => {
    const fault = new Fault('RG_ENGINE_HUNG', 3, 'the Docker Engine does not answer');
    const askEngine = () => Promise.resolve({ answered: false as const, fault });
    const found = await checked(memoryCheckHost(WHOLE_RULES, { askEngine }));
    expect(found.verdict).toMatchObject({ state: 'intact', exit: 0 });
    expect(textOf(found)).toContain('Packets were not followed: no Engine says what is meant to be reached');
  });
});
