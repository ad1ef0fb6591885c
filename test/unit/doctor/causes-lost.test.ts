import { expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { Finding } from '../../../src/reconcile/finding.ts';
import { all, describeCauses } from '../../support/doctor/causes.ts';
import { healthyFacts, type Change } from '../../support/doctor/host-facts.ts';
import { rewritten } from '../../support/doctor/rule-changes.ts';
import { edited } from '../../support/edited.ts';

const lost: Finding = {
  kind: 'missing',
  severity: 'outage',
  family: 'ipv4',
  table: 'nat',
  chain: 'POSTROUTING',
  rule: '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
  consequence: 'containers of bridge can no longer open connections to the outside',
};

/** Docker's MASQUERADE is lost, beside another change that a restore leaves as it is. */
const lostBeside =
  (other: (save: string) => string): Change =>
  (facts) => {
    const { owned, netState } = rewritten(other)(facts);
    const [held] = netState.rulesets;
    return {
      ...rewritten((save) => edited(other(save), /.*MASQUERADE\n/, ''))(facts),
      drift: { findings: [lost], rules: 24, baseline: undefined },
      afterRestore: held && owned && { rules: held.rules, owned },
    };
  };

describeCauses("what is told where Docker's rules are lost", [
  ['rules lost', lostBeside((save) => save), ['rules-lost'], 'rulesguard restore'],
  [
    'rules lost, and the packets too',
    all(
      rewritten((save) => edited(save, /.*MASQUERADE\n/, '')),
      (facts) => ({
        ...facts,
        drift: { findings: [lost], rules: 24, baseline: undefined },
      }),
    ),
    ['rules-lost'],
  ],
  [
    'rules lost, and a DROP of others in front besides',
    lostBeside((save) =>
      edited(save, /^\[\d+:\d+\] -A FORWARD -j DOCKER-USER$/m, '[0:0] -A FORWARD -j DROP\n$&'),
    ),
    ['rules-lost', 'rule-stops'],
    'rulesguard restore',
  ],
  [
    'policy only',
    (facts) => ({
      ...facts,
      drift: { findings: [{ ...lost, kind: 'policy' }], rules: 24, baseline: undefined },
    }),
    ['policy-changed'],
  ],
]);

test('lost rules of the container in question are shown before those of others', () => {
  const others: Finding = {
    ...lost,
    rule: '-A POSTROUTING -s 172.30.0.0/16 ! -o br-0123456789ab -j MASQUERADE',
    consequence:
      'traffic from network other (172.30.0.0/16) is not masqueraded: replies from outside cannot return to its containers',
  };
  const facts = { ...healthyFacts(), drift: { findings: [others, lost], rules: 24, baseline: undefined } };
  const told = (about: string | undefined) => diagnose(facts, { about, from: '' }).causes[0];
  expect(told('web')).toMatchObject({ meaning: lost.consequence });
  expect(told('web')?.evidence[0]).toContain('172.17.0.0/16');
  expect(told(undefined)).toMatchObject({ meaning: others.consequence });
});

test.each([
  ['RG_ENGINE_HUNG', 'endpoint', 'rulesguard restore --assume-unchanged'],
  ['RG_ENGINE_HUNG', 'network', 'rulesguard restore'],
  ['RG_ENGINE_DOWN', 'endpoint', 'rulesguard restore'],
] as const)('rules lost while no Engine answers (%s, of level %s): %s', (code, level, command) => {
  const engine = {
    answered: false,
    code,
    message: '',
    hint: undefined,
    details: [],
    log: undefined,
  } as const;
  const drift = { findings: [{ ...lost, level }], rules: 24, baseline: 'b1' };
  const damaged = lostBeside((save) => save)(healthyFacts());
  const { afterRestore } = damaged;
  const facts = {
    ...{ ...damaged, engine, drift },
    ...(afterRestore !== undefined && { afterRestoreWith: { '--assume-unchanged': afterRestore } }),
  };
  const { causes } = diagnose(facts, { about: undefined, from: '' });
  expect(causes.find((cause) => cause.code === 'rules-lost')?.remedies[0]?.commands).toEqual([command]);
});
