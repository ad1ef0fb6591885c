import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { rooms } from './packaging/rooms.mjs';

const effects = [
  ...['Buffer', 'console', 'crypto', 'Date', 'fetch', 'global', 'globalThis', 'performance', 'process'],
  ...['queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout'],
];

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: a name that is the same everywhere can be searched for.',
};

const namesOfTypeScript =
  '/^(Array|Date|Error|Event|Function|Map|Object|Omit|Partial|Pick|Promise|Proxy|Readonly|Record|Request|Response|Set|Symbol)$/';

const wordOfTheLanguage = 'This is a word of the language.';

const plainNames = [
  ...['FunctionDeclaration', 'VariableDeclaration > VariableDeclarator'].map((declared) => ({
    selector: `ExportNamedDeclaration > ${declared}[id.name='type']`,
    message: wordOfTheLanguage,
  })),
  {
    selector: `:matches(TSInterfaceDeclaration, TSTypeAliasDeclaration, ClassDeclaration)[id.name=${namesOfTypeScript}]`,
    message: wordOfTheLanguage,
  },
];

const docker = 'Only src/docker reads the options of a network: import what it makes of them.';

const answer = 'Only src/docker reads the answer about a container: import container-answer.ts.';

/** Docker's option strings and its answers about containers are decoded once: everybody else sees typed facts. */
const rawAnswers = [
  { selector: 'Literal[value=/com\\.docker\\.network\\./]', message: docker },
  { selector: 'TemplateElement[value.raw=/com\\.docker\\.network\\./]', message: docker },
  {
    selector:
      'Literal[value=/^(?:NetworkSettings|HostConfig|PortBindings|GlobalIPv6Address|com\\.docker\\.compose\\.)/]',
    message: answer,
  },
  ...["object.name='options'", "object.property.name='options'"].flatMap((object) => [
    { selector: `MemberExpression[computed=true][${object}][property.type!='Literal']`, message: docker },
    { selector: `MemberExpression[computed=true][${object}][property.raw=/^'/]`, message: docker },
  ]),
];

/**
 * What a room may not see of the world; what it may import stands in .dependency-cruiser.mjs.
 *
 * @returns {import('eslint').Linter.Config}
 */
const room = (/** @type {(typeof rooms)[number]} */ { path, pure }) => ({
  files: [`src/${path}/**/*.ts`],
  rules: {
    'no-restricted-syntax': [
      'error',
      noDefaultExport,
      ...plainNames,
      ...(path === 'docker' ? [] : rawAnswers),
      ...(pure ? [{ selector: 'ImportExpression', message: `src/${path} is pure.` }] : []),
    ],
    ...(pure && {
      'no-restricted-globals': ['error', ...effects],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
    }),
  },
});

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
      'no-restricted-syntax': ['error', noDefaultExport, ...plainNames],
    },
  },
  ...rooms.map(room),
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        ...Object.fromEntries(
          ['Buffer', 'console', 'process', 'require', '__dirname'].map((name) => [name, 'readonly']),
        ),
      },
    },
  },
  // Parsed by any Node, so that one that is too old can say so.
  { files: ['bin/*.js'], languageOptions: { sourceType: 'commonjs', ecmaVersion: 2019 } },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
