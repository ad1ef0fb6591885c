import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { Remedy } from '../../../src/doctor/diagnosis.ts';
import type { Facts } from '../../../src/doctor/facts/facts.ts';
import { UNTRIED } from '../../../src/doctor/remedies/change.ts';
import { RESTORE } from '../../../src/doctor/remedies/iptables.ts';
import { harmless } from '../../../src/doctor/remedies/offer.ts';
import { proposal } from '../../../src/doctor/remedies/proposal.ts';
import type { Finding } from '../../../src/reconcile/finding.ts';
import { all } from '../../support/doctor/causes.ts';
import {
  healthyFacts,
  onLink,
  onNetwork,
  withoutRoute,
  type Change,
} from '../../support/doctor/host-facts.ts';
import { judged } from '../../support/doctor/judged-facts.ts';
import { rewritten } from '../../support/doctor/rule-changes.ts';
import { edited } from '../../support/edited.ts';

const remediesOf = (facts: Facts, code: string): readonly Remedy[] | undefined =>
  diagnose(facts, { about: undefined, from: '' }).checks.find((check) => check.code === code)?.remedies;

const commandsOf = (facts: Facts, code: string): readonly string[] | undefined =>
  remediesOf(facts, code)?.flatMap(({ commands }) => commands);

/** Nothing of Docker's closes anything, and FORWARD lets through. */
const OPEN: Change = rewritten((save) =>
  edited(edited(save, /^:FORWARD DROP/m, ':FORWARD ACCEPT'), /^\[\d+:\d+\] -A (?:FORWARD|DOCKER) .*\n/gm, ''),
);

describe('what would open something is words', () => {
  const bridgeDown: Change = all(
    onLink('docker0', { up: false, carrier: false }),
    withoutRoute('172.17.0.0/16'),
  );
  test.each<[string, Change, string, readonly string[]]>([
    ['a bridge that is down', bridgeDown, 'bridge-down', ['ip link set dev docker0 up']],
    [
      'a bridge that is gone',
      all(onLink('docker0', undefined), withoutRoute('172.17.0.0/16')),
      'bridge-missing',
      [
        'ip link add name docker0 type bridge',
        'ip address add 172.17.0.1/16 brd + dev docker0',
        'ip link set dev docker0 up',
        'ip link set dev veth1 master docker0 up',
        'ip link set dev veth2 master docker0 up',
        'nsenter --net=/proc/11000/ns/net ip neigh flush all',
        'nsenter --net=/proc/12000/ns/net ip neigh flush all',
      ],
    ],
  ])(
    '%s: typed where Docker closes what it means to close, and not where its rules are lost',
    (_, change, code, commands) => {
      expect(commandsOf(change(healthyFacts()), code)).toEqual(commands);
      const opened = all(OPEN, change)(healthyFacts());
      expect(remediesOf(opened, code)).not.toEqual([]);
      expect(commandsOf(opened, code)).toEqual([]);
    },
  );
});

const gone: Finding = {
  kind: 'missing',
  severity: 'outage',
  family: 'ipv4',
  table: 'filter',
  chain: 'FORWARD',
  rule: '-A FORWARD -j DOCKER-FORWARD',
  consequence: 'nothing is let through',
};

const JUMP = /^\[\d+:\d+\] -A FORWARD -j DOCKER-FORWARD\n/m;

/** The jump to Docker's chain is lost, and a restore leaves `repaired`. */
const withoutJump =
  (repaired: (save: string) => string): Change =>
  (facts) => {
    const { owned, netState } = rewritten(repaired)(facts);
    const [held] = netState.rulesets;
    return {
      ...judged(rewritten((save) => edited(repaired(save), JUMP, '')))(facts),
      drift: { findings: [gone], rules: 24, baseline: undefined },
      afterRestore: held && owned && { rules: held.rules, owned },
    };
  };

describe('restore', () => {
  const front = (rule: string, chain: string) => (save: string) =>
    save.replace(new RegExp(`^(\\[\\S+\\] -A ${chain} )`, 'm'), `[0:0] ${rule}\n$1`);

  test('is typed where it opens what Docker means to be open', () => {
    expect(commandsOf(withoutJump((save) => save)(healthyFacts()), 'rules-lost')).toEqual([
      'rulesguard restore',
    ]);
  });

  test("is words where somebody's ACCEPT among Docker's rules would open everything then", () => {
    const facts = withoutJump(front('-A DOCKER-FORWARD -j ACCEPT', 'DOCKER-FORWARD'))(healthyFacts());
    expect(commandsOf(facts, 'rules-lost')).toEqual([]);
    expect(remediesOf(facts, 'rules-lost')?.[0]?.what).toContain('rulesguard restore --dry-run');
  });

  test('is typed where the user himself opens a port in DOCKER-USER', () => {
    const user = (save: string) =>
      edited(
        save,
        /^\[\d+:\d+\] -A FORWARD -j DOCKER-USER$/m,
        '$&\n[0:0] -A DOCKER-USER -p tcp -m tcp --dport 81 -j ACCEPT',
      );
    expect(commandsOf(withoutJump(user)(healthyFacts()), 'rules-lost')).toEqual(['rulesguard restore']);
  });

  test('is words where it would change nothing', () => {
    const facts = { ...healthyFacts(), drift: { findings: [gone], rules: 24, baseline: undefined } };
    expect(commandsOf(facts, 'rules-lost')).toEqual([]);
    expect(harmless([proposal('restore', RESTORE)], facts)).toEqual([]);
  });

  test('of a policy: with --policies, as far as that is known', () => {
    const { afterRestore } = withoutJump((save) => save)(healthyFacts());
    if (afterRestore === undefined) throw new Error('nothing to restore');
    const drift = { findings: [{ ...gone, kind: 'policy' as const }], rules: 24, baseline: 'b1' };
    const facts = { ...healthyFacts(), drift, afterRestoreWith: { '--policies': afterRestore } };
    expect(commandsOf(facts, 'policy-changed')).toEqual(['rulesguard restore --policies']);
    expect(commandsOf({ ...healthyFacts(), drift }, 'policy-changed')).toEqual([]);
  });
});

test('a network without masquerading: the rule is tried, and it names what the Engine calls its bridge', () => {
  const facts = onNetwork({ masquerade: false })(healthyFacts());
  const asked = diagnose(facts, { about: 'web', from: '' });
  const remedies = asked.checks.find(({ code }) => code === 'masquerade-off')?.remedies;
  expect(remedies?.[0]?.commands).toEqual([
    'iptables -w -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
  ]);
});

test('every remedy with a command is made where it is tried, or where it says why it is not', () => {
  const room = path.resolve(import.meta.dirname, '../../../src/doctor');
  const files = readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const makers = files.filter((file) =>
    /\bcommands:|remedyOf\(/.test(readFileSync(path.join(room, file), 'utf8')),
  );
  expect(makers.sort()).toEqual([
    'checks/cells/cells.ts',
    'checks/paths/closing-remedies.ts',
    'diagnosis.ts',
    'remedies/offer.ts',
    'remedies/proposal.ts',
  ]);
  expect(Object.values(UNTRIED).every((why) => why.length > 40)).toBe(true);
});
