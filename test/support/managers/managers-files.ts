import { AS_SYSTEMD } from './as-systemd.ts';
import type { Manager } from './managers.ts';

const heredoc = (file: string, text: string) => `cat >${file} <<'END'\n${text}\nEND`;

/** What a host without Docker has saved: ssh is let in, and nothing is said of containers. */
const BEFORE_DOCKER = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
COMMIT`;

const SHOREWALL = '/usr/share/doc/shorewall/examples/one-interface';
const shorewall = (docker: 'No' | 'Yes') => [
  `cp ${SHOREWALL}/* /etc/shorewall/ && gunzip -f /etc/shorewall/*.gz 2>/dev/null || true`,
  // Off, as the example has it, would switch the forwarding off that containers live by.
  `sed -i 's/^STARTUP_ENABLED=.*/STARTUP_ENABLED=Yes/; s/^IP_FORWARDING=.*/IP_FORWARDING=Keep/;
     s/^DOCKER=.*/DOCKER=${docker}/' /etc/shorewall/shorewall.conf`,
  'shorewall start',
];

/** Debian's own file; only neighbour discovery is let in besides, without which there is no IPv6 at all. */
const FERM = [
  `sed -i 's/proto icmp ACCEPT;/proto (icmp ipv6-icmp) ACCEPT;/' /etc/ferm/ferm.conf`,
  'ferm /etc/ferm/ferm.conf',
];

const SCRIPTS = {
  'flush.sh': `set -e
for tool in iptables ip6tables; do
  $tool -F; $tool -X; $tool -t nat -F; $tool -t nat -X
  $tool -P FORWARD ACCEPT
  $tool -A INPUT -i lo -j ACCEPT
  $tool -A INPUT -p tcp --dport 22 -j ACCEPT
done`,
  'restore.sh': `iptables-restore <<'RULES'\n${BEFORE_DOCKER}\nRULES`,
  'nft.sh': `nft -f - <<'RULES'
flush ruleset
table inet own {
  chain input {
    type filter hook input priority 0
    tcp dport 22 accept
  }
}
RULES`,
  'polite.sh': `for tool in iptables ip6tables; do
  $tool -N own-input 2>/dev/null || $tool -F own-input
  $tool -C INPUT -j own-input 2>/dev/null || $tool -I INPUT -j own-input
  $tool -A own-input -p tcp --dport 22 -j ACCEPT
done`,
} as const;

/** Its hook is a drop-in of the unit, so it is the unit that is reloaded. */
const NFTABLES = { target: 'nftables', typed: `${AS_SYSTEMD} reload nftables.service` };

/** Managers that read files, write rules and are gone. */
export const MANAGERS_OF_FILES: readonly Manager[] = [
  {
    name: 'ufw',
    package: 'ufw',
    era: '28.5',
    setUp: ['ufw allow 22/tcp', 'ufw --force enable'],
    changes: [
      { typed: 'ufw reload', hurts: false, rehearsal: 'predicts', hook: { target: 'ufw' } },
      { typed: 'ufw allow 8443/tcp', hurts: false, rehearsal: 'predicts', hook: { target: 'ufw' } },
      { typed: 'ufw --force disable', hurts: true, rehearsal: 'predicts' },
      { typed: 'ufw --force reset', hurts: true, rehearsal: 'predicts' },
    ],
  },
  {
    name: 'ufw, MANAGE_BUILTINS=yes',
    package: 'ufw',
    era: '28.5',
    setUp: ['sed -i s/^MANAGE_BUILTINS=.*/MANAGE_BUILTINS=yes/ /etc/default/ufw', 'ufw --force enable'],
    changes: [{ typed: 'ufw reload', hurts: true, rehearsal: 'predicts', hook: { target: 'ufw' } }],
  },
  {
    name: 'ufw, :DOCKER-USER in after.rules',
    package: 'ufw',
    era: '28.5',
    setUp: [
      `sed -i '/^:ufw-after-forward/a :DOCKER-USER - [0:0]' /etc/ufw/after.rules`,
      'ufw --force enable',
    ],
    changes: [{ typed: 'ufw reload', hurts: true, rehearsal: 'predicts', hook: { target: 'ufw' } }],
  },
  {
    name: 'netfilter-persistent, rules of before Docker',
    package: 'netfilter-persistent',
    era: '28.5',
    setUp: [
      'dpkg --purge ufw && dpkg -i /opt/packages/*.deb',
      heredoc('/etc/iptables/rules.v4', BEFORE_DOCKER),
      heredoc('/etc/iptables/rules.v6', BEFORE_DOCKER),
    ],
    changes: [
      {
        typed: 'netfilter-persistent reload',
        hurts: true,
        rehearsal: 'predicts',
        hook: { target: 'netfilter-persistent' },
      },
      { typed: 'netfilter-persistent flush', hurts: true, rehearsal: 'predicts' },
    ],
  },
  {
    name: "nftables, Debian's nftables.conf",
    package: 'nftables',
    era: '28.5',
    setUp: [],
    changes: [{ typed: 'nft -f /etc/nftables.conf', hurts: true, rehearsal: 'predicts', hook: NFTABLES }],
  },
  {
    name: 'ferm 2.7, which writes the nft variant',
    package: 'ferm',
    era: '28.5',
    setUp: FERM,
    changes: [
      { typed: 'ferm /etc/ferm/ferm.conf', hurts: true, rehearsal: 'predicts', hook: { target: 'ferm' } },
    ],
  },
  {
    name: 'ferm 2.5, which writes the legacy variant',
    package: 'ferm',
    era: '20.10',
    setUp: [],
    changes: [
      {
        typed: 'ferm /etc/ferm/ferm.conf',
        hurts: true,
        rehearsal: 'predicts',
        stops: 'FORWARD of the legacy variant drops',
      },
    ],
  },
  {
    name: 'shorewall, DOCKER=No',
    package: 'shorewall',
    era: '28.5',
    setUp: shorewall('No'),
    changes: [
      { typed: 'shorewall reload', hurts: true, rehearsal: 'predicts', hook: { target: 'shorewall' } },
      { typed: 'shorewall restart', hurts: true, rehearsal: 'predicts', hook: { target: 'shorewall' } },
    ],
  },
  {
    name: 'shorewall, DOCKER=Yes',
    package: 'shorewall',
    era: '28.5',
    setUp: shorewall('Yes'),
    changes: [
      { typed: 'shorewall reload', hurts: true, rehearsal: 'predicts', hook: { target: 'shorewall' } },
    ],
  },
  {
    name: 'plain scripts',
    package: 'iptables',
    era: '28.5',
    setUp: Object.entries(SCRIPTS).map(([name, text]) => heredoc(`/etc/${name}`, text)),
    changes: [
      { typed: 'sh /etc/flush.sh', hurts: true, rehearsal: 'predicts' },
      { typed: 'sh /etc/restore.sh', hurts: true, rehearsal: 'predicts' },
      { typed: 'sh /etc/nft.sh', hurts: true, rehearsal: 'predicts' },
      { typed: 'sh /etc/polite.sh', hurts: false, rehearsal: 'predicts' },
    ],
  },
];
