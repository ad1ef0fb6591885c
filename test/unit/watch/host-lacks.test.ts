import { expect, test } from 'vitest';
import type { Check } from '../../../src/doctor/diagnosis.ts';
import { lacksIn, settingsIn } from '../../../src/watch/host-lacks.ts';

const check = (given: Partial<Check>): Check => ({
  ...{ section: 'host', code: 'forwarding-off', about: '', verdict: 'fail', title: 'it is off' },
  ...{ meaning: '', evidence: [], remedies: [] },
  ...given,
});
const turnOn = (...commands: readonly string[]) => ({ remedies: [{ what: 'turn it on', commands }] });

test("what is gone of the host itself is told with doctor's first remedy, and nothing else of a diagnosis", () => {
  const checks = [
    check(turnOn('sysctl -w net.ipv4.ip_forward=1')),
    check({ code: 'route-missing', section: 'path', title: 'the route is gone' }),
    check({ code: 'nothing-listens', title: 'nothing listens' }),
    check({ verdict: 'warn', title: 'it may be off' }),
  ];
  expect(lacksIn(checks)).toEqual([
    { says: 'it is off', commands: ['sysctl -w net.ipv4.ip_forward=1'] },
    { says: 'the route is gone', commands: [] },
  ]);
});

test.each([
  [['sysctl -w net.ipv4.ip_forward=1'], ['net.ipv4.ip_forward']],
  [['sysctl -w net.bridge.bridge-nf-call-iptables=1'], ['net.bridge.bridge-nf-call-iptables']],
  [['modprobe br_netfilter', 'sysctl -w net.bridge.bridge-nf-call-iptables=1'], []],
  [['sysctl -w net.ipv4.conf.eth0.forwarding=1'], []],
  [['sysctl -w net.ipv4.ip_forward=0'], []],
  [[], []],
])('%j switches on %j', (commands, names) => {
  expect(settingsIn([{ says: '', commands }])).toEqual(names);
});
