// What yargs and execa load at start-up for a case that seldom comes, loaded when it comes.
//
// Both are ES modules: every import of theirs runs before the first line of ours. Tables of character widths, signal
// names, the synchronous API and stdin's stream made half of the time a `check` takes. Each entry below names one import
// of theirs and what stands in for it in the bundle; the real module is still there, behind the first use.
// An entry that no longer matches fails the build, so that an upgrade cannot quietly bring the cost back.

import path from 'node:path';

/**
 * @typedef {object} Entry
 * @property {RegExp} importer whose import
 * @property {string} specifier of what
 * @property {readonly string[] | string} by the functions imported, each replaced by one that loads the real module
 *   when it is called; or a file of lean/ that stands in
 */

/** @type {readonly Entry[]} */
const entries = [
  { importer: /yargs\/lib\/platform-shims\/esm\.mjs$/, specifier: 'cliui', by: ['default'] },
  { importer: /yargs\/lib\/platform-shims\/esm\.mjs$/, specifier: 'string-width', by: ['default'] },
  { importer: /yargs\/lib\/platform-shims\/esm\.mjs$/, specifier: 'assert', by: 'assert.mjs' },
  { importer: /execa\/lib\/methods\/create\.js$/, specifier: './main-sync.js', by: ['execaCoreSync'] },
  { importer: /execa\/lib\/verbose\/log\.js$/, specifier: './default.js', by: ['defaultVerboseFunction'] },
  { importer: /execa\/lib\/ipc\/ipc-input\.js$/, specifier: 'node:v8', by: ['serialize'] },
  { importer: /execa\/lib\/terminate\/signal\.js$/, specifier: 'human-signals', by: 'human-signals.mjs' },
  { importer: /execa\/lib\//, specifier: '../utils/standard-stream.js', by: 'standard-stream.mjs' },
];

const standInDir = path.join(import.meta.dirname, 'lean');

const onFirstCall = (/** @type {string} */ specifier, /** @type {readonly string[]} */ names) =>
  [
    'let loaded;',
    `const real = () => (loaded ??= require(${JSON.stringify(specifier)}));`,
    ...names.map((name) => {
      const head = name === 'default' ? 'export default' : `export const ${name} =`;
      return `${head} (...args) => real().${name}(...args);`;
    }),
  ].join('\n');

/**
 * The esbuild plugin.
 *
 * @returns {import('esbuild').Plugin}
 */
export function lean() {
  return {
    name: 'lean',
    setup(build) {
      /** @type {Set<Entry>} */
      const met = new Set();
      build.onResolve({ filter: /./ }, ({ path: specifier, importer, namespace, resolveDir }) => {
        if (namespace === 'lean') return undefined;
        const entry = entries.find((one) => one.specifier === specifier && one.importer.test(importer));
        if (entry === undefined) return undefined;
        met.add(entry);
        if (typeof entry.by === 'string') return { path: path.join(standInDir, entry.by) };
        return { path: specifier, namespace: 'lean', pluginData: { names: entry.by, resolveDir } };
      });
      build.onLoad({ filter: /./, namespace: 'lean' }, ({ path: specifier, pluginData }) => ({
        contents: onFirstCall(specifier, pluginData.names),
        resolveDir: pluginData.resolveDir,
      }));
      build.onEnd(() => ({
        errors: entries
          .filter((entry) => !met.has(entry))
          .map(({ importer, specifier }) => ({ text: `lean: ${String(importer)} imports no ${specifier}` })),
      }));
    },
  };
}
