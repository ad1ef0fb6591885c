import { describe, expect, test } from 'vitest';
import { ownHost } from '../../../src/docker/ownership.ts';
import { harmOf, isHurt, type Harm } from '../../../src/guard/harm.ts';
import { parseSave } from '../../../src/iptables/parse.ts';
import { recording } from '../../support/recordings.ts';

const SURROUNDINGS = { networks: [], containers: [], userlandProxy: true };

/** What becomes of a recorded Engine's rules when its IPv4 save is edited as text. */
function harm(edit: (save: string) => string, name = 'engine-28.5'): Harm {
  const { text } = recording(name);
  const read = (ipv4: string) => ({
    ipv4: parseSave(ipv4, 'ipv4').ruleset,
    ipv6: parseSave(text.ipv6, 'ipv6').ruleset,
  });
  return harmOf(ownHost(read(text.ipv4)), read(edit(text.ipv4)), SURROUNDINGS, false);
}

const inFront = (chain: string, rule: string) => (save: string) =>
  save.replace(
    new RegExp(`^(?:\\[\\d+:\\d+\\] )?-A ${chain} `, 'm'),
    (first) => `-A ${chain} ${rule}\n${first}`,
  );

describe('what a change does to Docker', () => {
  test('nothing, when nothing changes', () => {
    expect(harm((save) => save)).toEqual({ findings: [], shadows: [] });
  });

  test('a flushed chain is told as what its loss means', () => {
    const { findings } = harm((save) => save.replace(/^.*-A POSTROUTING .*\n/gm, ''));
    expect(findings.map(({ kind, table, chain }) => [kind, table, chain].join(' '))).toContain(
      'missing nat POSTROUTING',
    );
  });

  test('damage that was there before is not the change’s', () => {
    const { text } = recording('engine-28.5');
    const damaged = {
      ipv4: parseSave(text.ipv4.replace(/^.*-A POSTROUTING .*\n/gm, ''), 'ipv4').ruleset,
      ipv6: parseSave(text.ipv6, 'ipv6').ruleset,
    };
    expect(isHurt(harmOf(ownHost(damaged), damaged, SURROUNDINGS, false))).toBe(false);
  });

  test('a rule of Docker’s brought back is no harm', () => {
    const { text } = recording('engine-28.5');
    const read = (ipv4: string) => ({
      ipv4: parseSave(ipv4, 'ipv4').ruleset,
      ipv6: parseSave(text.ipv6, 'ipv6').ruleset,
    });
    const before = ownHost(read(text.ipv4.replace(/^.*-A POSTROUTING .*\n/m, '')));
    expect(isHurt(harmOf(before, read(text.ipv4), SURROUNDINGS, false))).toBe(false);
  });

  test.each([
    ['-j DROP', true],
    ['-j REJECT --reject-with icmp-port-unreachable', true],
    ['-j ACCEPT', true],
    ['-s 203.0.113.7/32 -j DROP', false],
    ['-m conntrack --ctstate INVALID -j DROP', false],
    ['-j f2b-sshd', false],
  ])('a new rule in front of Docker’s in FORWARD: %s', (rule, hurts) => {
    const found = harm(inFront('FORWARD', rule));
    expect(found.shadows).toMatchObject([{ table: 'filter', chain: 'FORWARD', total: hurts }]);
    expect(isHurt(found)).toBe(hurts);
  });

  test('a new rule behind Docker’s, or one that takes nothing of theirs, is none', () => {
    expect(
      harm((save) => save.replace(/(-A FORWARD -j DOCKER-FORWARD\n)/, '$1-A FORWARD -j DROP\n')).shadows,
    ).toEqual([]);
    expect(harm(inFront('FORWARD', '-j LOG --log-prefix x')).shadows).toEqual([]);
  });
});
