// What yargs and execa load at start-up for a case that seldom comes, loaded when it comes.
//
// Both are ES modules: every import of theirs runs before the first line of ours. Tables of character widths, signal
// names, the synchronous API and stdin's stream made half of the time a `check` takes. Each entry below names one import
// of theirs and what replaces it in the bundle; the real module is loaded at the first use.
// An entry that no longer matches fails the build, so that an upgrade cannot quietly bring the cost back.

import path from 'node:path';

/**
 * @typedef {object} Entry
 * @property {RegExp} importer whose import
 * @property {string} specifier of what
 * @property {readonly string[]} [functions] what is imported; calling one loads the real module
 * @property {readonly string[]} [objects] what is imported; reading from one loads the real module
 * @property {string} [file] the file of lean/ that replaces it
 */

const YARGS = /yargs\/lib\/platform-shims\/esm\.mjs$/;

/** @type {readonly Entry[]} */
const entries = [
  { importer: YARGS, specifier: 'cliui', functions: ['default'] },
  { importer: YARGS, specifier: 'string-width', functions: ['default'] },
  { importer: YARGS, specifier: 'assert', file: 'assert.mjs' },
  { importer: YARGS, specifier: 'node:module', file: 'module.mjs' },
  { importer: /execa\/lib\/methods\/create\.js$/, specifier: './main-sync.js', functions: ['execaCoreSync'] },
  {
    importer: /execa\/lib\/verbose\/log\.js$/,
    specifier: './default.js',
    functions: ['defaultVerboseFunction'],
  },
  { importer: /execa\/lib\/ipc\/ipc-input\.js$/, specifier: 'node:v8', functions: ['serialize'] },
  { importer: /execa\/lib\/terminate\/signal\.js$/, specifier: 'human-signals', objects: ['signalsByName'] },
  { importer: /execa\/lib\//, specifier: '../utils/standard-stream.js', file: 'standard-stream.mjs' },
];

const standInDir = path.join(import.meta.dirname, 'lean');

/** The module that replaces an import: the same names; the first use of one loads the real module. */
const standIn = (/** @type {Entry} */ { specifier, functions = [], objects = [] }) =>
  [
    'let loaded;',
    `const real = () => (loaded ??= require(${JSON.stringify(specifier)}));`,
    ...functions.map((name) => {
      const head = name === 'default' ? 'export default' : `export const ${name} =`;
      return `${head} (...args) => real().${name}(...args);`;
    }),
    ...objects.map(
      (name) => `export const ${name} = new Proxy({}, { get: (_, key) => real().${name}[key] });`,
    ),
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
        if (entry.file !== undefined) return { path: path.join(standInDir, entry.file) };
        return { path: specifier, namespace: 'lean', pluginData: { entry, resolveDir } };
      });
      build.onLoad({ filter: /./, namespace: 'lean' }, ({ pluginData }) => ({
        contents: standIn(pluginData.entry),
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
