// A package for Enterprise Linux and Fedora, by rpmbuild, which Debian has too.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { removal } from './deb.mjs';
import { run } from './node-binary.mjs';
import { EPOCH, RELEASE } from './release.mjs';
import { layOut, settle } from './tree.mjs';

const ARCHES = { x64: 'x86_64', arm64: 'aarch64' };

/**
 * Writes the package.
 *
 * @param {string} folder where to
 * @param {string} work an empty folder
 * @param {'x64' | 'arm64'} arch
 * @param {import('./tree.mjs').Parts} parts
 * @param {string} payload how it is packed, as rpm's _binary_payload
 * @returns {string} its path
 */
export function writeRpm(folder, work, arch, parts, payload) {
  const tree = path.join(work, 'tree');
  layOut(tree, 'rpm', parts);
  writeFileSync(
    path.join(tree, 'usr/share/doc/rulesguard/CHANGELOG.md'),
    readFileSync(path.join(import.meta.dirname, '../../CHANGELOG.md')),
  );
  settle(tree);
  const [weekday = '', day, month, year] = RELEASE.date.toUTCString().replace(',', '').split(' ');
  /** @type {Readonly<Record<string, string>>} */
  const values = {
    VERSION: RELEASE.version,
    HOMEPAGE: RELEASE.homepage,
    MAINTAINER: RELEASE.maintainer,
    PAYLOAD: payload,
    TREE: tree,
    REMOVE: removal(parts, 'systemctl'),
    DATE: `${weekday} ${String(month)} ${String(day)} ${String(year)}`,
  };
  const spec = readFileSync(path.join(import.meta.dirname, 'rulesguard.spec'), 'utf8');
  const file = path.join(work, 'rulesguard.spec');
  writeFileSync(
    file,
    spec.replaceAll(/@([A-Z]+)@/g, (_, name) => values[name] ?? ''),
  );
  const top = path.join(work, 'rpmbuild');
  mkdirSync(top);
  const defines = [
    `_topdir ${top}`,
    `_rpmdir ${folder}`,
    '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
  ];
  run(
    'rpmbuild',
    [
      '-bb',
      '--nodeps',
      '--target',
      `${ARCHES[arch]}-linux`,
      ...defines.flatMap((define) => ['--define', define]),
      file,
    ],
    work,
    { SOURCE_DATE_EPOCH: EPOCH, LC_ALL: 'C', HOME: work },
  );
  return path.join(folder, `rulesguard-${RELEASE.version}-1.${ARCHES[arch]}.rpm`);
}
