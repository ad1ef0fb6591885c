import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { hostUnavailable, runOnHost, type Step } from '../support/vm/host.ts';
import { stepsOf } from '../support/vm/steps.ts';

const reason = hostUnavailable();
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

describe.skipIf(reason !== undefined)(`a whole host and a reboot${skipped}`, () => {
  let steps: ReadonlyMap<string, Step>;
  const { step, came } = stepsOf(() => steps);
  beforeAll(async () => {
    steps = await runOnHost(path.join(import.meta.dirname, 'reboot.sh'), 3_000);
  });

  test('Docker runs under its own unit', () => {
    for (const made of ['image', 'swarm', 'service', 'container', 'up', 'snapshot']) came(made, 0);
  });

  test('a rehearsal has the links of the host, WireGuard among them, and leaves its rules alone', () => {
    came('rehearsed', 1, 'DOCKER-INGRESS');
    expect(step('rehearsed').said).not.toContain('cannot tell');
    came('rehearsed-left', 0, '--dport 9000');
  });

  test("an unconfirmed change is rolled back by systemd's timer after rulesguard was killed", () => {
    came('timer', 0, 'rulesguard-pending-');
    came('in-force', 0, 'unkept');
    came('rolled-back', 0);
    came('rolled-back-check', 0, /^INTACT/m);
    came('journal', 0, 'rolled back an unconfirmed firewall change: iptables -N unkept');
  });

  test('a reboot ends an unconfirmed change: it is reported until it is confirmed or rolled back, and no saved rules are loaded', () => {
    expect(step('rebooted').said).toContain('ENDED BY A REBOOT');
    expect(step('rebooted').said).toContain('/etc/iptables/rules.v4');
    expect(step('boot-rules').said).not.toContain('unsettled');
    came('late', 1, 'no change is waiting');
    came('settled', 0, 'a reboot ended');
    came('settled-check', 0, /^INTACT/m);
    expect(step('settled-check').said).not.toContain('REBOOT');
  });

  test('with the hook in place a boot and a reload of nftables.service cost Docker nothing', () => {
    came('hook', 0);
    came('booted', 0);
    came('booted-check', 0, /^INTACT/m);
    came('reload', 0);
    came('reloaded', 0);
    came('reloaded-check', 0, /^INTACT/m);
    came('fired', 0, 'nftables');
  });
});
