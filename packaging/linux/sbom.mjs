// What a release is made of, as CycloneDX 1.5 has it (https://cyclonedx.org/docs/1.5/json/).

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NODES } from './node-binary.mjs';
import { RELEASE } from './release.mjs';

const root = path.join(import.meta.dirname, '..', '..');

/** An npm integrity as CycloneDX spells a digest. */
const digest = (/** @type {string} */ integrity) => [
  { alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') },
];

const component = (
  /** @type {string} */ name,
  /** @type {string} */ version,
  /** @type {string} */ license,
  /** @type {string} */ integrity,
) => ({
  type: 'library',
  'bom-ref': `pkg:npm/${name.replace('@', '%40')}@${version}`,
  name,
  version,
  ...(license === '' ? {} : { licenses: [{ expression: license }] }),
  ...(integrity === '' ? {} : { hashes: digest(integrity) }),
  purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
});

/** The packages that are in the bundle, by the list of their licences that the build writes, and Node's binaries. */
export function billOfMaterials() {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const bundled = [
    ...readFileSync(path.join(root, 'dist', 'THIRD-PARTY-LICENSES.txt'), 'utf8').matchAll(
      /^-{80}\n(\S+) (\S+) \((.*)\)$/gm,
    ),
  ].map(([, name = '', version = '', license = '']) => {
    const locked = Object.entries(packages).find(
      ([place, is]) => place.endsWith(`node_modules/${name}`) && is.version === version,
    );
    return component(name, version, license, locked?.[1].integrity ?? '');
  });
  const nodes = [NODES.x64, NODES.arm64].map((one) =>
    component(one.package, one.version, 'MIT', one.integrity),
  );
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      timestamp: RELEASE.date.toISOString(),
      component: {
        type: 'application',
        name: 'rulesguard',
        version: RELEASE.version,
        'bom-ref': 'rulesguard',
      },
    },
    components: [...bundled, ...nodes],
  };
  return `${JSON.stringify(document, undefined, 1)}\n`;
}
