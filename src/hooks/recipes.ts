import { Fault } from '../fault.ts';

const ANSIBLE = `# Rulesguard on hosts with Docker, by the collection rulesguard.firewall (packaging/ansible in rulesguard's sources):
# ansible-galaxy collection install ./packaging/ansible
# The files of a release lie in files/ beside this playbook. For another firewall manager put its name in the place of ufw
# (rulesguard hook list).
- name: Guard the firewall rules of Docker
  hosts: docker
  become: true
  roles:
    - role: rulesguard.firewall.install
      rulesguard_install_version: VERSION
    - role: rulesguard.firewall.configure
      rulesguard_configure_settings:
        watch:
          mode: repair
    - role: rulesguard.firewall.hooks
      rulesguard_hooks_present: [ufw]
    - role: rulesguard.firewall.watch
  tasks:
    - name: Docker's rules are whole
      rulesguard.firewall.rulesguard_check:
`;

const PUPPET = `# Rulesguard on Debian and Ubuntu hosts with Docker: install it, have it watch, put the hook around ufw.
# For another firewall manager put its name in the place of ufw (rulesguard hook list).
# The .deb of a release lies in the files of the module profile.
class profile::rulesguard (
  String $version,
  Array[String] $hooks = ['ufw'],
  String $config = '{ "version": 1, "watch": { "mode": "repair" } }',
) {
  $deb = "rulesguard_\${version}-1_\${facts['os']['architecture']}.deb"

  Exec { path => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'] }

  file { "/var/cache/\${deb}":
    source => "puppet:///modules/profile/\${deb}",
  }

  # dpkg does not bring what a package needs.
  package { ['iptables', 'nftables']:
    ensure => installed,
  }

  package { 'rulesguard':
    ensure   => latest,
    provider => 'dpkg',
    source   => "/var/cache/\${deb}",
    require  => [File["/var/cache/\${deb}"], Package['iptables'], Package['nftables']],
  }

  file { '/etc/rulesguard/config.json':
    content      => "\${config}\n",
    validate_cmd => '/usr/bin/rulesguard hook status --config %',
    require      => Package['rulesguard'],
    notify       => Service['rulesguard-watch'],
  }

  service { 'rulesguard-watch':
    ensure  => running,
    enable  => true,
    restart => 'systemctl reload rulesguard-watch',
    require => Package['rulesguard'],
  }

  $hooks.each |String $hook| {
    exec { "rulesguard hook install \${hook}":
      unless  => "rulesguard hook status \${hook} | grep -q 'hook in place'",
      require => Package['rulesguard'],
    }
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
