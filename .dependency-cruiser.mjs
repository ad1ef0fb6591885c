// Who may import whom. `npm run lint` holds every import of src and test against this, those of types included;
// test/unit/tooling/boundaries.test.ts shows that each rule bites.

import { common, rooms } from './packaging/rooms.mjs';

const escaped = (/** @type {string} */ text) => text.replaceAll('.', '\\.');
const below = `^src/(${common.join('|')})\\.ts$`;

/** @returns {import('dependency-cruiser').IForbiddenRuleType[]} */
const rulesOf = (/** @type {(typeof rooms)[number]} */ room) => {
  const from = { path: `^src/${room.path}/` };
  const may = [room.path, ...room.beneath, ...(room.generated ? ['generated'] : [])];
  const packages = (room.packages ?? []).map((name) => `node_modules/(@types/)?${escaped(name)}/`);
  return [
    {
      name: `layers: ${room.path}`,
      comment: 'A room imports what is beneath it, never what is above or beside it.',
      severity: 'error',
      from,
      to: { path: '^(src|test|packaging|bin)/', pathNot: [below, ...may.map((path) => `^src/${path}/`)] },
    },
    ...(room.pure
      ? [
          /** @type {import('dependency-cruiser').IForbiddenRuleType} */ ({
            name: `pure: ${room.path}`,
            comment: 'What a pure room computes is tested without a kernel: it sees no effect at all.',
            severity: 'error',
            from,
            to: { pathNot: ['^(src|test|packaging|bin)/', ...packages] },
          }),
        ]
      : []),
  ];
};

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...rooms.flatMap(rulesOf),
    {
      name: 'every file has its room',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [below, '^src/cli\\.ts$', '^src/generated/', ...rooms.map(({ path }) => `^src/${path}/`)],
      },
      to: {},
    },
    {
      name: 'common files stand alone',
      comment: 'They are beneath every room.',
      severity: 'error',
      from: { path: below },
      to: { pathNot: [below, '^(node:)?crypto$'] },
    },
    {
      name: 'no circles',
      comment: 'Two files that need each other, if only by type, are one file, or lack a third.',
      severity: 'error',
      from: { path: '^(src|test)/' },
      to: { circular: true },
    },
    {
      name: 'use cases are handed the host',
      comment:
        'In app only files named real-… import what host does; the others know its types. What decides needs no host: it belongs to a room beneath.',
      severity: 'error',
      from: { path: '^src/app/', pathNot: '/real-[^/]+\\.ts$' },
      to: { path: '^src/host/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'verbs stand alone',
      comment:
        'A verb imports use cases and what is shared, never another verb: src/commands/verbs lists them all.',
      severity: 'error',
      from: { path: '^src/commands/([^/.]+)', pathNot: '^src/commands/verbs/' },
      to: { path: '^src/commands/', pathNot: '^src/commands/($1[/.]|shared/|context\\.ts$)' },
    },
    {
      name: 'nothing imports the command line',
      severity: 'error',
      from: { path: '^(src|test)/' },
      to: { path: '^src/cli\\.ts$' },
    },
    {
      name: 'tests stay tests',
      severity: 'error',
      from: { path: '^(src|packaging|bin)/' },
      to: { path: '^test/' },
    },
    {
      name: 'nothing is imported that is not there',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^src/generated/'] },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
