import { describe, expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { healthyFacts, onLink, onNetState, withRoute, type Change } from '../../support/doctor/host-facts.ts';
import { all } from '../../support/doctor/causes.ts';

const legacy = (save: string): Change =>
  onNetState(({ rulesets }) => {
    const [held] = rulesets;
    if (held === undefined) throw new Error('a host without rules');
    const ipv4 = parseSave(`*filter\n${save}\nCOMMIT\n`, 'test').ruleset;
    const ipv6 = parseSave('*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n', 'test').ruleset;
    return { rulesets: [...rulesets, { variant: 'legacy', rules: { ipv4, ipv6 } }] };
  });

/** These Engines let in whoever asks a published port by the container's own address, and promise nothing about it. */
describe.each(['20.10.24', '26.1.5'])('Engine %s', (version) => {
  test.each<[string, Change, string, string]>([
    [
      'what a route led away, nobody closed: taking the route out opens nothing',
      all(onLink('eth0', {}), withRoute({ to: '172.17.0.0/17', dev: 'eth0' })),
      'route-overlap',
      'ip route del 172.17.0.0/17 dev eth0',
    ],
    [
      "a policy of the other variant is not Docker's: nobody closed anything by it",
      legacy(':FORWARD DROP [0:0]'),
      'other-variant-stops',
      'iptables-legacy -w -t filter -P FORWARD ACCEPT',
    ],
  ])('%s', (_, change, code, command) => {
    const { causes } = diagnose(change(healthyFacts(version)), { about: undefined, from: '' });
    expect(causes.map((one) => one.code)).toEqual([code]);
    expect(causes[0]?.remedies[0]?.commands).toEqual([command]);
  });
});
