import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { CliHost } from './cli.ts';

/** Writes a file below a root, with the folders above it. */
export function put(root: string, file: string, content: string, mode = 0o644): void {
  const place = path.join(root, file);
  mkdirSync(path.dirname(place), { recursive: true });
  writeFileSync(place, content);
  chmodSync(place, mode);
}

/** Everything below a folder: path, mode, content. Equal pictures, equal trees. */
export function picture(root: string): Readonly<Record<string, string>> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const place = path.join(root, name);
      const stats = lstatSync(place);
      const mode = stats.mode.toString(8);
      if (stats.isSymbolicLink()) return [name, `-> ${readlinkSync(place)}`];
      return [name, stats.isDirectory() ? mode : `${mode} ${readFileSync(place, 'latin1')}`];
    }),
  );
}

/** A folder that is used as `/`, with the files by which each firewall manager is known. */
export function rootWithManagers(host: CliHost): string {
  const root = path.join(host.folder, 'root');
  put(root, '/etc/ufw/ufw.conf', 'ENABLED=yes\n');
  put(root, '/etc/ufw/before.init', '#!/bin/sh\nset -e\ncase "$1" in\nstart) ;;\nesac\n', 0o640);
  put(root, '/etc/ufw/after.init', '#!/bin/sh\nset -e\necho "mine $1"\nexit 3', 0o750);
  put(root, '/usr/sbin/netfilter-persistent', '#!/bin/sh\n', 0o755);
  put(root, '/usr/share/netfilter-persistent/plugins.d/15-ip4tables', '#!/bin/sh\n', 0o755);
  const service = '[Service]\nExecStart=/bin/true\nExecReload=/bin/true again\nExecStop=/bin/true stop\n';
  for (const unit of ['nftables', 'iptables']) put(root, `/usr/lib/systemd/system/${unit}.service`, service);
  put(root, '/usr/bin/systemctl', '', 0o755);
  put(root, '/usr/sbin/firewalld', '', 0o755);
  put(root, '/etc/csf/csf.conf', 'TESTING = "1"\n');
  put(root, '/etc/csf/csfpre.sh', '#!/bin/bash\niptables -N MINE', 0o700);
  put(root, '/usr/sbin/ferm', '', 0o755);
  put(root, '/etc/ferm/ferm.conf', 'domain ip table filter chain INPUT policy ACCEPT;');
  put(root, '/etc/shorewall/shorewall.conf', 'STARTUP_ENABLED=Yes\n');
  put(root, '/etc/shorewall/started', 'mine\n');
  for (const tool of ['iptables', 'ip6tables', 'iptables-restore', 'ip6tables-restore'])
    put(root, `/usr/sbin/${tool}`, '', 0o755);
  return root;
}

/** Puts a `rulesguard` of this content into a folder of its own; returns a PATH that leads to it. */
export function putProgram(host: CliHost, content: string): { readonly file: string; readonly PATH: string } {
  const folder = path.join(host.folder, 'bin');
  put(folder, 'rulesguard', content, 0o755);
  return { file: path.join(folder, 'rulesguard'), PATH: `${folder}:${host.env['PATH'] ?? ''}` };
}
