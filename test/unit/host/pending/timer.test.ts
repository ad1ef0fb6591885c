import { expect, test } from 'vitest';
import { systemdWords } from '../../../../src/host/pending/timer.ts';

test('systemd is asked for a transient timer that knows the tools and the Engine of whoever asked', () => {
  const env = { PATH: '/usr/sbin', DOCKER_HOST: 'unix:///run/d.sock', SSH_TTY: '/dev/pts/1' };
  expect(systemdWords('000001-20260101T000000Z', 30, ['/usr/bin/node', '/opt/rg.js', 'run'], env)).toEqual([
    'systemd-run',
    '--quiet',
    '--collect',
    '--unit=rulesguard-pending-000001-20260101T000000Z',
    '--description=rulesguard: rolls back an unconfirmed firewall change',
    '--on-active=30s',
    '--timer-property=AccuracySec=100ms',
    '--property=Restart=on-abnormal',
    '--property=RestartSec=1',
    '--setenv=PATH=/usr/sbin',
    '--setenv=DOCKER_HOST=unix:///run/d.sock',
    '--',
    '/usr/bin/node',
    '/opt/rg.js',
    'run',
  ]);
});
