import { describe, expect, test } from 'vitest';
import { reportOf, type Checked } from '../../../../src/app/check/check.ts';
import type { HostRules } from '../../../../src/firewall/iptables/text/model.ts';
import { checkText } from '../../../../src/report/check/text.ts';
import { paintWith } from '../../../../src/report/text.ts';
import { checked, memoryCheckHost } from '../../../support/app/checked.ts';
import { withChain, withRule } from '../../../support/app/edit-rules.ts';
import { ENGINE_REPLY, WHOLE_RULES } from '../../../support/app/memory-diagnosis-host.ts';
import { memoryHost } from '../../../support/app/memory-host.ts';
import { snapped } from '../../../support/app/snapped.ts';

const filterFirst = (text: string): HostRules => withRule(WHOLE_RULES, 'ipv4', 'filter', text, 'first');
const textOf = (found: Checked): string => checkText(reportOf(found), paintWith(false), 'screen');

describe("what decides in the operator's place, and nobody means", () => {
  test.each([
    ['-A DOCKER-USER -i eth0 -j DROP', 'DOCKER-USER', 'do(?:es)? not reach the outside'],
    ['-A INPUT -i docker0 -j DROP', 'INPUT', 'unreachable from this host'],
  ])('%s ends answers, which nobody means: an outage, and what lets them pass', async (rule, chain, says) => {
    const found = await checked(memoryCheckHost(filterFirst(rule)));
    expect(found.verdict).toMatchObject({ state: 'overridden', exit: 1 });
    const text = textOf(found);
    expect(text).toMatch(new RegExp(`OUTAGE  .*${says}`));
    expect(text).toMatch(/Rules of your own close \d+ ways/);
    expect(text).toContain(
      `If it is not wanted: iptables -w -I ${chain} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    );
    expect(text).not.toContain(' -D ');
  });

  test('answers that were ended when the baseline was recorded are meant to be', async () => {
    const host = memoryHost(filterFirst('-A DOCKER-USER -i eth0 -j DROP'), ENGINE_REPLY);
    await snapped(Object.assign(host, { terrain: memoryCheckHost(host.rules) }));
    const found = await checked(memoryCheckHost(host.rules), { stored: host.stored.at(-1) ?? null });
    expect(found.verdict).toMatchObject({ state: 'intact', exit: 0 });
  });

  test('a program that takes a published port by a translation of its own: an outage', async () => {
    const rules = withChain(WHOLE_RULES, 'ipv4', 'nat', 'KUBE-NODEPORTS');
    const rule = '-A KUBE-NODEPORTS -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.42.0.7:80';
    const taken = ['-A PREROUTING -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS', rule].reduce(
      (all, text) => withRule(all, 'ipv4', 'nat', text, 'first'),
      rules,
    );
    const found = await checked(memoryCheckHost(taken));
    expect(found.verdict).toMatchObject({ state: 'overridden', exit: 1 });
    expect(textOf(found)).toContain('OUTAGE  1 published port unreachable from outside: web 8080');
    expect(textOf(found)).not.toContain('-D KUBE-NODEPORTS');
  });
});
