import { Fault } from '../fault.ts';

const ANSIBLE = `# Rulesguard on hosts with Docker: install it, record the rules daily and after deployments, put the hook around ufw.
# For another firewall manager put its name in the place of ufw (rulesguard hook list).
# files/rulesguard.tgz is what npm pack makes in a clone.
- name: Copy rulesguard
  ansible.builtin.copy:
    src: rulesguard.tgz
    dest: /usr/local/src/rulesguard.tgz
    mode: "0644"

- name: Install rulesguard
  ansible.builtin.command:
    cmd: npm install --global /usr/local/src/rulesguard.tgz
    creates: /usr/local/bin/rulesguard

- name: Record Docker's rules with a timer
  ansible.builtin.copy:
    dest: "/etc/systemd/system/{{ item.name }}"
    mode: "0644"
    content: "{{ item.content }}"
  loop:
    - name: rulesguard-snapshot.service
      content: |
        [Unit]
        Description=Record Docker's iptables rules
        After=docker.service
        ConditionPathExists=/run/docker.sock
        [Service]
        Type=oneshot
        ExecStart=/usr/local/bin/rulesguard snapshot --scheduled
    - name: rulesguard-snapshot.timer
      content: |
        [Unit]
        Description=Record Docker's iptables rules daily
        [Timer]
        OnBootSec=5min
        OnUnitActiveSec=1d
        [Install]
        WantedBy=timers.target

- name: Start the timer
  ansible.builtin.systemd:
    name: rulesguard-snapshot.timer
    daemon_reload: true
    enabled: true
    state: started

- name: Record Docker's rules now
  ansible.builtin.command: rulesguard snapshot --if-changed
  register: rulesguard_snapshot
  changed_when: "'RECORDED' in rulesguard_snapshot.stdout"

- name: Put the hook around ufw
  ansible.builtin.command: rulesguard hook install ufw
  register: rulesguard_hook
  changed_when: "'INSTALLED' in rulesguard_hook.stdout"
`;

const PUPPET = `# Rulesguard on hosts with Docker: install it, record the rules daily, put the hook around ufw.
# For another firewall manager put its name in the place of ufw (rulesguard hook list).
class profile::rulesguard (
  String $target = 'ufw',
) {
  Exec { path => ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'] }

  # What npm pack makes in a clone.
  file { '/usr/local/src/rulesguard.tgz':
    source => 'puppet:///modules/profile/rulesguard.tgz',
  }

  exec { 'install rulesguard':
    command => 'npm install --global /usr/local/src/rulesguard.tgz',
    creates => '/usr/local/bin/rulesguard',
    require => File['/usr/local/src/rulesguard.tgz'],
  }

  file { '/etc/systemd/system/rulesguard-snapshot.service':
    mode    => '0644',
    content => @(UNIT),
      [Unit]
      Description=Record Docker's iptables rules
      After=docker.service
      ConditionPathExists=/run/docker.sock
      [Service]
      Type=oneshot
      ExecStart=/usr/local/bin/rulesguard snapshot --scheduled
      | UNIT
    notify  => Exec['rulesguard daemon-reload'],
  }

  file { '/etc/systemd/system/rulesguard-snapshot.timer':
    mode    => '0644',
    content => @(UNIT),
      [Unit]
      Description=Record Docker's iptables rules daily
      [Timer]
      OnBootSec=5min
      OnUnitActiveSec=1d
      [Install]
      WantedBy=timers.target
      | UNIT
    notify  => Exec['rulesguard daemon-reload'],
  }

  exec { 'rulesguard daemon-reload':
    command     => 'systemctl daemon-reload',
    refreshonly => true,
  }

  service { 'rulesguard-snapshot.timer':
    ensure  => running,
    enable  => true,
    require => [Exec['install rulesguard'], Exec['rulesguard daemon-reload']],
  }

  exec { "rulesguard hook install \${target}":
    unless  => "rulesguard hook status \${target} | grep -q 'hook in place'",
    require => Exec['install rulesguard'],
  }
}
`;

const RECIPES: ReadonlyMap<string, string> = new Map([
  ['ansible', ANSIBLE],
  ['puppet', PUPPET],
]);

/** Names of the recipes there are. */
export const RECIPE_NAMES: readonly string[] = [...RECIPES.keys()];

/**
 * What to paste for a configuration management.
 *
 * @throws Fault RG_USAGE when there is no recipe of that name
 */
export function recipeOf(name: string | undefined): string {
  const text = RECIPES.get(name ?? '');
  if (text !== undefined) return text;
  throw new Fault('RG_USAGE', 2, name === undefined ? 'which recipe?' : `there is no recipe ${name}`, {
    hint: `There are: ${RECIPE_NAMES.join(', ')}`,
  });
}
