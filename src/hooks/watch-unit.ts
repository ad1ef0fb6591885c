import { isPlain, type Program } from './call.ts';
import { ownUnit, unitPath, wantedPath } from './own-unit.ts';
import type { Target } from './target.ts';

const NAME = 'rulesguard-watch.service';

/** The resident guard as a unit of systemd, started at boot. */
export const WATCH_UNIT: Target = {
  name: 'systemd',
  about: `${NAME}: rulesguard watch, from boot on`,
  signs: ['/usr/bin/systemctl', '/bin/systemctl'],
  places: [unitPath(NAME), wantedPath(NAME)],
  files: (seen, { program }) => ownUnit(NAME, unitLines(program), seen),
  units: { reload: true, start: NAME },
  note: 'It only notes what breaks and who did it (rulesguard log). To have it repair: "watch": {"mode": "repair"} in /etc/rulesguard/config.json, then systemctl restart rulesguard-watch',
};

/**
 * After whoever loads a firewall at boot and after dockerd: what they write is not damage. Not bound to them (PartOf=, Requires=): it must
 * see and repair what their restart breaks, and a firewall without dockerd is guarded too.
 *
 * What it may do is what a repair needs: rules (NET_ADMIN, NET_RAW for the legacy backend), the namespace of a rehearsal (SYS_ADMIN), and to
 * see whose process wrote before it is gone (SYS_PTRACE, DAC_READ_SEARCH; SYS_NICE to be scheduled at once, so real time is not restricted).
 * /proc shows all processes for that. Of the kernel's settings those of the network may be written, which Docker needs (ReadWritePaths, within
 * what ProtectKernelTunables makes read-only). Docker's socket and the state folder of another user need DAC_OVERRIDE. Node writes its code as it
 * runs, so memory may be written and executed. A stop tells watch alone (KillMode): what writes rules for it ends its transaction. Programs of `onEvent` are confined with it, and may use the network.
 */
const unitLines = ({ path, nodeFolder }: Program): readonly string[] => [
  '[Unit]',
  "Description=Guard of Docker's firewall rules",
  'After=network-pre.target nftables.service ufw.service firewalld.service netfilter-persistent.service iptables.service ip6tables.service docker.service',
  '',
  '[Service]',
  'Type=notify',
  'NotifyAccess=all',
  `ExecStart=${isPlain(path) ? path : '/usr/bin/env rulesguard'} watch --log-format systemd`,
  'ExecReload=/bin/kill -HUP $MAINPID',
  ...(isPlain(nodeFolder)
    ? [`Environment=PATH=${nodeFolder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`]
    : []),
  'Restart=always',
  'RestartSec=2',
  'WatchdogSec=120',
  'KillMode=mixed',
  'TimeoutStopSec=60',
  'OOMScoreAdjust=-500',
  'StateDirectory=rulesguard',
  'StateDirectoryMode=0700',
  'RuntimeDirectory=rulesguard',
  'RuntimeDirectoryMode=0700',
  'RuntimeDirectoryPreserve=yes',
  'CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_DAC_READ_SEARCH CAP_DAC_OVERRIDE CAP_SYS_NICE',
  'NoNewPrivileges=yes',
  'ProtectSystem=full',
  'ProtectHome=read-only',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'ProtectKernelTunables=yes',
  'ReadWritePaths=-/proc/sys/net',
  'ProtectKernelModules=yes',
  'ProtectKernelLogs=yes',
  'ProtectControlGroups=yes',
  'ProtectClock=yes',
  'ProtectHostname=yes',
  'LockPersonality=yes',
  'RestrictSUIDSGID=yes',
  'RestrictNamespaces=net',
  'RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  'SystemCallErrorNumber=EPERM',
  'KeyringMode=private',
  'UMask=0077',
  '',
  '[Install]',
  'WantedBy=multi-user.target',
];
