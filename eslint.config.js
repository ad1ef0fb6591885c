import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * The rooms of docs/ARCHITECTURE.md and what each may import: down, never up or sideways. A pure room sees no effect at
 * all, so that what it computes can be tested without a kernel, and a plan printed today is the plan applied tomorrow.
 *
 * @type {Record<string, { may: readonly string[], pure?: true, packages?: readonly string[] }>}
 */
const rooms = {
  iptables: { pure: true, may: [] },
  nftables: { pure: true, may: [] },
  docker: { pure: true, may: ['iptables'] },
  trace: { pure: true, may: ['nftables', 'iptables'] },
  guard: { pure: true, may: ['docker', 'iptables'] },
  doctor: { pure: true, may: ['guard', 'trace', 'docker', 'nftables', 'iptables'] },
  hook: { pure: true, may: [] },
  report: { pure: true, may: ['doctor', 'guard', 'trace', 'docker', 'iptables'], packages: ['diff'] },
  system: { may: ['hook', 'doctor', 'guard', 'trace', 'docker', 'iptables', 'generated'] },
  demo: { may: ['report', 'system', 'guard', 'docker', 'iptables', 'generated'] },
  commands: {
    may: ['demo', 'report', 'system', 'hook', 'doctor', 'guard', 'trace', 'docker', 'iptables', 'generated'],
  },
};

const effects = [
  ...['Buffer', 'console', 'crypto', 'Date', 'fetch', 'global', 'globalThis', 'performance', 'process'],
  ...['queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout'],
];

const forbiddenImports = (/** @type {string} */ room) => {
  const { may, pure, packages = [] } = rooms[room] ?? { may: [] };
  const above = [...Object.keys(rooms), 'generated'].filter(
    (other) => other !== room && !may.includes(other),
  );
  const allowed = packages.map((name) => `${name}$`).join('|');
  return [
    {
      regex: `^(?:\\.\\./)+(?:${above.join('|')})/`,
      message: `src/${room} may import ${may.join(', ') || 'no room'}.`,
    },
    { regex: '^(?:\\.\\./)+cli\\.ts$', message: 'Nothing imports the command line.' },
    ...(pure ? [{ regex: `^(?!\\.${allowed && `|${allowed}`})`, message: `src/${room} is pure.` }] : []),
  ];
};

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: a name that is the same everywhere can be searched for.',
};

/** @returns {import('eslint').Linter.Config} */
const room = (/** @type {string} */ name) => {
  const patterns = forbiddenImports(name);
  const dynamic = patterns.map(({ regex, message }) => ({
    selector: `ImportExpression[source.value=/${regex.replaceAll('/', '\\/')}/]`,
    message,
  }));
  return {
    files: [`src/${name}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns }],
      'no-restricted-syntax': ['error', noDefaultExport, ...dynamic],
      ...(rooms[name]?.pure && {
        'no-restricted-globals': ['error', ...effects],
        'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
      }),
    },
  };
};

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'src/generated/', 'test-results/']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'max-lines': ['error', 250],
      'no-restricted-syntax': ['error', noDefaultExport],
    },
  },
  ...Object.keys(rooms).map(room),
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        ...Object.fromEntries(
          ['console', 'process', 'require', '__dirname'].map((name) => [name, 'readonly']),
        ),
      },
    },
  },
  { files: ['bin/*.js'], languageOptions: { sourceType: 'commonjs' } },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
