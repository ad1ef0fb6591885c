import { describe, expect, test } from 'vitest';
import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import { impactOf, isBreaking, type Impact } from '../../../src/reconcile/impact.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { recording } from '../../support/recorded/recordings.ts';
import { edited } from '../../support/edited.ts';

const SURROUNDINGS = { networks: [], containers: [], userlandProxy: true };

/** What becomes of a recorded Engine's rules when its IPv4 save is edited as text. */
function impact(edit: (save: string) => string, name = 'engine-28.5'): Impact {
  const { text } = recording(name);
  const read = (ipv4: string) => ({
    ipv4: parseSave(ipv4, 'ipv4').ruleset,
    ipv6: parseSave(text.ipv6, 'ipv6').ruleset,
  });
  return impactOf(ownHost(read(text.ipv4)), read(edit(text.ipv4)), SURROUNDINGS, false);
}

const inFront = (chain: string, rule: string) => (save: string) =>
  edited(
    save,
    new RegExp(`^(?:\\[\\d+:\\d+\\] )?-A ${chain} `, 'm'),
    (first) => `-A ${chain} ${rule}\n${first}`,
  );

describe('what a change does to Docker', () => {
  test('nothing, when nothing changes', () => {
    expect(impact((save) => save)).toEqual({ findings: [], shadows: [] });
  });

  test('a flushed chain is told as what its loss means', () => {
    const { findings } = impact((save) => edited(save, /^.*-A POSTROUTING .*\n/gm, ''));
    expect(findings.map(({ kind, table, chain }) => [kind, table, chain].join(' '))).toContain(
      'missing nat POSTROUTING',
    );
  });

  test('damage that was there before is not the change’s', () => {
    const { text } = recording('engine-28.5');
    const damaged = {
      ipv4: parseSave(edited(text.ipv4, /^.*-A POSTROUTING .*\n/gm, ''), 'ipv4').ruleset,
      ipv6: parseSave(text.ipv6, 'ipv6').ruleset,
    };
    expect(isBreaking(impactOf(ownHost(damaged), damaged, SURROUNDINGS, false))).toBe(false);
  });

  test('a rule of Docker’s brought back is no loss', () => {
    const { text } = recording('engine-28.5');
    const read = (ipv4: string) => ({
      ipv4: parseSave(ipv4, 'ipv4').ruleset,
      ipv6: parseSave(text.ipv6, 'ipv6').ruleset,
    });
    const before = ownHost(read(edited(text.ipv4, /^.*-A POSTROUTING .*\n/m, '')));
    expect(isBreaking(impactOf(before, read(text.ipv4), SURROUNDINGS, false))).toBe(false);
  });

  test.each([
    ['-j DROP', true],
    ['-j REJECT --reject-with icmp-port-unreachable', true],
    ['-j ACCEPT', true],
    ['-s 203.0.113.7/32 -j DROP', false],
    ['-m conntrack --ctstate INVALID -j DROP', false],
    ['-j f2b-sshd', false],
  ])('a new rule in front of Docker’s in FORWARD: %s', (rule, hurts) => {
    const found = impact(inFront('FORWARD', rule));
    expect(found.shadows).toMatchObject([{ table: 'filter', chain: 'FORWARD', total: hurts }]);
    expect(isBreaking(found)).toBe(hurts);
  });

  test('a new rule behind Docker’s, or one that takes nothing of theirs, is none', () => {
    expect(
      impact((save) => edited(save, /(-A FORWARD -j DOCKER-FORWARD\n)/, '$1-A FORWARD -j DROP\n')).shadows,
    ).toEqual([]);
    expect(impact(inFront('FORWARD', '-j LOG --log-prefix x')).shadows).toEqual([]);
  });
});
