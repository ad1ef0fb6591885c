// A package for Debian and Ubuntu, by dpkg-deb.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './node-binary.mjs';
import { EPOCH, RELEASE } from './release.mjs';
import { gzip, layOut, settle } from './tree.mjs';

const sources = path.join(import.meta.dirname, 'debian');
const ARCHES = { x64: 'amd64', arm64: 'arm64' };

/** libc6 and libstdc++6: the newest symbol versions that Node 24's binaries ask for (docs/install.md). */
const DEPENDS =
  'libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 5.2), iptables (>= 1.8) | nftables, util-linux (>= 2.33), init-system-helpers (>= 1.54~)';
const RECOMMENDS = 'iptables (>= 1.8), nftables, conntrack, iproute2, ipset, perl | python3, tcpdump';

const control = (/** @type {'x64' | 'arm64'} */ arch, /** @type {number} */ kilobytes) => `Package: rulesguard
Version: ${RELEASE.version}-1
Section: admin
Priority: optional
Architecture: ${ARCHES[arch]}
Maintainer: ${RELEASE.maintainer}
Installed-Size: ${String(kilobytes)}
Depends: ${DEPENDS}
Recommends: ${RECOMMENDS}
Enhances: docker.io, docker-ce
Homepage: ${RELEASE.homepage}
Description: guard of the firewall rules that Docker owns
 rulesguard says what a change of the firewall broke on a Docker host, in terms
 of packets, and repairs Docker's rules without a restart of Docker. It
 refuses or rehearses the next change, rolls it back unless confirmed, and can
 watch the host and say who changed what.
 .
 The program is one file with its own Node.js inside.
`;

const changelog = () => `rulesguard (${RELEASE.version}-1) unstable; urgency=medium

  * Release ${RELEASE.version}; what changed: /usr/share/doc/rulesguard/changelog.gz.

 -- ${RELEASE.maintainer}  ${RELEASE.date.toUTCString().replace('GMT', '+0000')}
`;

/**
 * Writes the package.
 *
 * @param {string} folder where to
 * @param {string} work an empty folder
 * @param {'x64' | 'arm64'} arch
 * @param {import('./tree.mjs').Parts} parts
 * @param {readonly string[]} compression of dpkg-deb
 * @returns {string} its path
 */
export function writeDeb(folder, work, arch, parts, compression) {
  const tree = path.join(work, 'tree');
  layOut(tree, 'deb', parts);
  const write = (/** @type {string} */ name, /** @type {string | Buffer} */ content) => {
    mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
    writeFileSync(path.join(tree, name), content);
  };
  const source = (/** @type {string} */ name) => readFileSync(path.join(sources, name), 'utf8');
  const docs = 'usr/share/doc/rulesguard';
  write(`${docs}/copyright`, source('copyright'));
  write(`${docs}/changelog.Debian.gz`, gzip(changelog()));
  write(`${docs}/changelog.gz`, gzip(readFileSync(path.join(sources, '../../../CHANGELOG.md'))));
  write('usr/share/lintian/overrides/rulesguard', source('lintian-overrides'));

  const files = readdirSync(tree, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(path.join(tree, name)).isFile())
    .sort();
  const bytes = files.reduce((sum, name) => sum + statSync(path.join(tree, name)).size, 0);
  const sums = files
    .filter((name) => !name.startsWith('etc/'))
    .map(
      (name) =>
        `${createHash('md5')
          .update(readFileSync(path.join(tree, name)))
          .digest('hex')}  ${name}\n`,
    );
  write('DEBIAN/control', control(arch, Math.ceil(bytes / 1024)));
  write('DEBIAN/md5sums', sums.join(''));
  write('DEBIAN/conffiles', '/etc/rulesguard/config.json\n');
  write('DEBIAN/postinst', source('postinst'));
  write('DEBIAN/prerm', source('prerm').replace('@REMOVE@', removal(parts, 'deb-systemd-invoke')));
  write('DEBIAN/postrm', source('postrm'));
  settle(tree, new Set(['usr/bin/rulesguard', 'DEBIAN/postinst', 'DEBIAN/prerm', 'DEBIAN/postrm']));

  const file = path.join(folder, `rulesguard_${RELEASE.version}-1_${ARCHES[arch]}.deb`);
  // How many threads pack decides where xz begins a block.
  const env = { SOURCE_DATE_EPOCH: EPOCH, DPKG_DEB_THREADS_MAX: '1', LC_ALL: 'C' };
  run(
    'dpkg-deb',
    ['--root-owner-group', '--uniform-compression', ...compression, '--build', tree, file],
    work,
    env,
  );
  return file;
}

/**
 * What a package does before it is removed.
 *
 * @param {import('./tree.mjs').Parts} parts
 * @param {string} invoke what is asked to stop units: on Debian the operator's policy decides
 */
export const removal = ({ texts }, invoke) =>
  readFileSync(path.join(sources, '..', 'remove.part'), 'utf8')
    .trimEnd()
    .replace('@INVOKE@', invoke)
    .replace('@TARGETS@', texts.targets.join(' '));
