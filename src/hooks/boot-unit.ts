import { isPlain, type Program } from './call.ts';
import { ownUnit, unitPath, wantedPath } from './own-unit.ts';
import type { Target } from './target.ts';

const NAME = 'rulesguard-boot.service';

/** What is declared, in force at boot before dockerd starts. */
export const BOOT_UNIT: Target = {
  name: 'boot',
  about: `${NAME}: what is declared for DOCKER-USER is in force before Docker starts`,
  signs: ['/usr/bin/systemctl', '/bin/systemctl'],
  places: [unitPath(NAME), wantedPath(NAME)],
  files: (seen, { program }) => ownUnit(NAME, unitLines(program), seen),
  // Nothing of it runs, but it stays active (RemainAfterExit) until it is stopped.
  units: { reload: true, stop: NAME },
  note: 'It does something once rules are declared: rulesguard snapshot --declare',
};

/**
 * After whoever loads a firewall at boot, for that flushes, and before dockerd, which keeps the chain and its
 * rules (docs/declared-rules.md). A failure keeps nothing from starting.
 */
const unitLines = ({ path, nodeFolder }: Program): readonly string[] => [
  '[Unit]',
  "Description=Rules declared for Docker's chain DOCKER-USER",
  'After=nftables.service ufw.service firewalld.service netfilter-persistent.service iptables.service ip6tables.service',
  'Before=docker.service',
  'RequiresMountsFor=/var/lib/rulesguard',
  'ConditionPathExists=|/etc/rulesguard/docker-user.v4',
  'ConditionPathExists=|/etc/rulesguard/docker-user.v6',
  'ConditionPathExists=|/etc/rulesguard/docker-user.nft',
  '',
  '[Service]',
  'Type=oneshot',
  'RemainAfterExit=yes',
  `ExecStart=${isPlain(path) ? path : '/usr/bin/env rulesguard'} restore --source declared --scheduled --wait 30 --log-format systemd`,
  ...(isPlain(nodeFolder)
    ? [`Environment=PATH=${nodeFolder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`]
    : []),
  'TimeoutStartSec=60',
  'UMask=0077',
  '',
  '[Install]',
  'WantedBy=multi-user.target',
];
