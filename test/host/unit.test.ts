import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { PROJECT } from '../support/cli.ts';
import { runUnderSystemd, systemdUnavailable } from '../support/systemd/boot.ts';
import type { Step } from '../support/vm/host.ts';
import { stepsOf } from '../support/vm/steps.ts';

const reason = systemdUnavailable();
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;
const RULES = ['ipv4', 'ipv6'].map((family) =>
  path.join(PROJECT, 'test/fixtures/engine-28.5-plain', `${family}.save`),
);

describe.skipIf(reason !== undefined)(`watch as a unit of systemd${skipped}`, () => {
  let steps: ReadonlyMap<string, Step>;
  const { step, came } = stepsOf(() => steps);
  beforeAll(async () => {
    const files = [...RULES, path.join(PROJECT, 'packaging/linux/remove.part')];
    steps = await runUnderSystemd(path.join(import.meta.dirname, 'unit.sh'), files, 900);
  });

  test('confined as it is, it repairs a flush, and tells a program, the journal and whoever asks', () => {
    for (const name of ['install', 'active', 'listens', 'repaired', 'told']) came(name, 0);
    came('rules', 0, /^INTACT/m);
    came('metrics', 0, 'rulesguard_repairs_total{result="repaired"} 1');
    expect(JSON.parse(step('journal').said)).toMatchObject({
      PRIORITY: '4',
      RULESGUARD_CAUSE: 'lost',
      SYSLOG_IDENTIFIER: 'rulesguard',
    });
    came('lines', 0, /^1$/m);
  });

  test('the unit is sound, and its exposure is below 4', () => {
    came('verify', 0);
    came('security', 0, / [0-3]\.\d /);
  });

  test('it is reloaded: a configuration that is wrong is not taken, one that is right is', () => {
    came('bad', 0);
    came('good', 0);
  });

  test('it repairs what a restart of nftables.service flushed', () => {
    came('nftables', 0);
    came('nftables-repaired', 0);
  });

  test('when it hangs it is ended and started again; removed, it has ended', () => {
    for (const name of ['watchdog', 'again', 'remove', 'ended']) came(name, 0);
  });

  test('the unit of the boot, which stays active when it has ended, is stopped when the package is removed', () => {
    came('boot', 0, /^active$/m);
    came('removal', 0);
    came('boot-stopped', 0, /^inactive$/m);
  });
});
