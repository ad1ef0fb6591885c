import { callScript, scriptCommand, scriptPath } from './call.ts';
import type { Target } from './target.ts';

const UNIT = 'rulesguard-firewalld.service';
const PATH = `/etc/systemd/system/${UNIT}`;
const WANTED = `/etc/systemd/system/firewalld.service.wants/${UNIT}`;

/**
 * Seconds after a reload until the rules are read: dockerd is notified by the same signal and writes its own rules
 * first, one program a rule. What it has not finished by then, the repair waits for.
 */
const SETTLE = '3';

/** firewalld has no hook, but says `Reloaded` on D-Bus. Both listeners print it with its member's name; busctl comes with systemd. */
const WATCH = [
  'watch)',
  `  sleep ${SETTLE}`,
  '  /bin/sh "$0" post',
  `  rule="type='signal',interface='org.fedoraproject.FirewallD1',member='Reloaded'"`,
  '  if command -v dbus-monitor >/dev/null; then',
  '    set -- dbus-monitor --system "$rule"',
  '  else',
  '    set -- busctl --system --match="$rule" monitor',
  '  fi',
  '  "$@" | while read -r line; do',
  '    case $line in',
  '    *[mM]ember=Reloaded*)',
  `      sleep ${SETTLE}`,
  '      /bin/sh "$0" post',
  '      ;;',
  '    esac',
  '  done',
  '  ;;',
];

export const FIREWALLD: Target = {
  name: 'firewalld',
  about: 'a unit that waits for firewalld to start or reload, and repairs what dockerd then leaves',
  signs: [
    '/usr/sbin/firewalld',
    '/usr/lib/systemd/system/firewalld.service',
    '/lib/systemd/system/firewalld.service',
  ],
  places: [scriptPath('firewalld'), PATH, WANTED],
  files: (_, { program }) => [
    callScript('firewalld', program, WATCH),
    {
      kind: 'own',
      path: PATH,
      mode: 0o644,
      lines: [
        '[Unit]',
        "Description=Repair Docker's iptables rules after firewalld started or reloaded",
        'After=firewalld.service docker.service',
        'PartOf=firewalld.service',
        'StartLimitIntervalSec=0',
        '[Service]',
        `ExecStart=${scriptCommand('firewalld', 'watch')}`,
        'Restart=always',
        'RestartSec=5',
        '[Install]',
        'WantedBy=firewalld.service',
      ],
    },
    { kind: 'link', path: WANTED, to: PATH },
  ],
  units: { reload: true, start: UNIT },
};
