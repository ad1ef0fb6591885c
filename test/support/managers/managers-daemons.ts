import { AS_SYSTEMD } from './as-systemd.ts';
import type { Change, Manager } from './managers.ts';

const RUNNING = 'until firewall-cmd --state >/dev/null 2>&1; do sleep 0.05; done';
const D_BUS = 'mkdir -p /run/dbus && dbus-daemon --system --fork --nopidfile';
const FIREWALLD = `firewalld && ${RUNNING}`;
const STOPPED =
  'if [ -e /run/firewalld.pid ]; then pid=$(cat /run/firewalld.pid); kill $pid; while kill -0 $pid; do sleep 0.05; done; fi 2>/dev/null; true';

const backend = (name: 'nftables' | 'iptables') =>
  `sed -i s/^FirewallBackend=.*/FirewallBackend=${name}/ /etc/firewalld/firewalld.conf`;

const reload = (hurts: boolean): Change => ({
  typed: 'firewall-cmd --reload',
  hurts,
  rehearsal: 'cannot tell',
  isNotified: true,
  hook: { target: 'firewalld', beside: `${AS_SYSTEMD} start rulesguard-firewalld.service` },
});

const start: Change = { typed: 'firewalld', hurts: true, rehearsal: 'cannot tell', until: RUNNING };

const AHEAD = "it accepts every packet in nat's PREROUTING, ahead of Docker's rule there";

/** Docker looks for firewalld when it starts, and never again: so it is on a machine that boots. */
const whereDockerStartsLast = (version: string, name: 'nftables' | 'iptables'): Omit<Manager, 'changes'> => ({
  name: `firewalld ${version}, ${name}; Docker started after it`,
  package: 'firewalld',
  era: version === '1' ? '20.10' : '28.5',
  setUp: [D_BUS, backend(name), FIREWALLD],
  dockerStartsLast: true,
});

const whereDockerWasFirst = (version: string, name: 'nftables' | 'iptables'): Omit<Manager, 'changes'> => ({
  name: `firewalld ${version}, ${name}; started where Docker runs`,
  package: 'firewalld',
  era: version === '1' ? '20.10' : '28.5',
  setUp: [D_BUS, backend(name)],
  wake: STOPPED,
});

const FAIL2BAN = `mkdir -p /run/fail2ban && touch /var/log/auth.log && cat >/etc/fail2ban/jail.local <<'END'
[DEFAULT]
banaction = iptables-multiport
[sshd]
enabled = true
backend = polling
logpath = /var/log/auth.log
END`;
const NO_FAIL2BAN = '! fail2ban-client ping || fail2ban-client stop; rm -f /var/lib/fail2ban/*.sqlite3';
const START_FAIL2BAN = 'fail2ban-client start';

const fail2ban = { name: 'fail2ban, iptables-multiport', package: 'fail2ban', era: '28.5' } as const;

/** Managers with a daemon that does what a client asks: a rehearsal never reaches it. */
export const MANAGERS_OF_DAEMONS: readonly Manager[] = [
  { ...whereDockerStartsLast('2', 'nftables'), changes: [reload(false)] },
  {
    ...whereDockerStartsLast('2', 'iptables'),
    broken: AHEAD,
    changes: [reload(true)],
  },
  {
    ...whereDockerWasFirst('2', 'iptables'),
    changes: [{ ...start, stops: AHEAD }],
  },
  { ...whereDockerStartsLast('1', 'nftables'), changes: [reload(true)] },
  {
    ...whereDockerWasFirst('1', 'nftables'),
    changes: [{ ...start, stops: 'its own table forwards nothing for bridges that are in no zone' }],
  },
  {
    ...fail2ban,
    setUp: [FAIL2BAN, START_FAIL2BAN],
    wake: `${NO_FAIL2BAN}; ${START_FAIL2BAN}`,
    changes: [
      { typed: 'fail2ban-client set sshd banip 203.0.113.66', hurts: false, rehearsal: 'cannot tell' },
      { typed: 'fail2ban-client stop', hurts: false, rehearsal: 'cannot tell' },
    ],
  },
];
