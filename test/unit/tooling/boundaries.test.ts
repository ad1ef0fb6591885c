import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import config from '../../../.dependency-cruiser.mjs';

// The first lint of a cold or busy machine takes long.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Pairs of files, of which the first imports the second, and the rule that forbids it. */
const forbidden = [
  ['src/net/up.ts', 'src/docker/inventory/a.ts', 'layers: net'],
  ['src/docker/up.ts', 'src/firewall/iptables/text/a.ts', 'layers: docker'],
  [
    'src/firewall/iptables/text/up.ts',
    'src/firewall/iptables/ownership/a.ts',
    'layers: firewall/iptables/text',
  ],
  ['src/firewall/nftables/text/side.ts', 'src/firewall/iptables/text/a.ts', 'layers: firewall/nftables/text'],
  ['src/trace/up.ts', 'src/reconcile/a.ts', 'layers: trace'],
  ['src/reconcile/up.ts', 'src/doctor/facts/a.ts', 'layers: reconcile'],
  ['src/doctor/up.ts', 'src/hooks/a.ts', 'layers: doctor'],
  ['src/hooks/side.ts', 'src/report/a.ts', 'layers: hooks'],
  ['src/report/up.ts', 'src/host/files/a.ts', 'layers: report'],
  ['src/report/made.ts', 'src/generated/report.js', 'layers: report'],
  ['src/host/up.ts', 'src/app/restore/a.ts', 'layers: host'],
  ['src/app/up.ts', 'src/commands/restore/a.ts', 'layers: app'],
  ['src/demo/up.ts', 'src/commands/restore/a.ts', 'layers: demo'],
  ['src/host/command/tests.ts', 'test/support/a.ts', 'layers: host'],
  ['packaging/tests.mjs', 'test/support/a.ts', 'tests stay tests'],
  ['src/net/files.ts', 'node:fs', 'pure: net'],
  ['src/doctor/files.ts', 'node:path', 'pure: doctor'],
  ['src/report/log.ts', 'winston', 'pure: report'],
  ['src/commands/check/other.ts', 'src/commands/restore/a.ts', 'verbs stand alone'],
  ['src/commands/alone.ts', 'src/commands/restore/a.ts', 'verbs stand alone'],
  ['src/commands/run/line.ts', 'src/cli.ts', 'nothing imports the command line'],
  ['src/elsewhere/a.ts', 'src/net/a.ts', 'every file has its room'],
  ['src/printable.ts', 'src/net/a.ts', 'common files stand alone'],
  ['src/app/value.ts', 'src/host/files/a.ts', 'use cases are handed the host'],
  ['src/app/lost.ts', 'src/app/nowhere.ts', 'nothing is imported that is not there'],
] as const;

const allowed = [
  ['src/docker/down.ts', 'src/net/a.ts'],
  ['src/firewall/iptables/plan/down.ts', 'src/docker/inventory/a.ts'],
  ['src/report/down.ts', 'diff'],
  ['src/host/down.ts', 'node:fs'],
  ['src/host/made.ts', 'src/generated/report.js'],
  ['src/app/type.ts', 'src/host/files/a.ts'],
  ['src/app/real-value.ts', 'src/host/files/a.ts'],
  ['src/digest.ts', 'node:crypto'],
  ['src/hooks/fault.ts', 'src/fault.ts'],
  ['src/commands/restore/shared.ts', 'src/commands/shared/a.ts'],
  ['src/commands/restore/own.ts', 'src/commands/restore/a.ts'],
  ['src/commands/verbs/all.ts', 'src/commands/restore/a.ts'],
  ['test/unit/some.ts', 'test/support/a.ts'],
] as const;

let root = '';
const found = new Map<string, string[]>();

const write = (file: string, text: string): void => {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
};

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'boundaries-'));
  const pairs = [...forbidden.map(([from, to]) => [from, to] as const), ...allowed];
  for (const [, to] of pairs) if (/^(src|test)\/(?!.*nowhere)/.test(to)) write(to, 'export const a = 1;\n');
  for (const [from, to] of pairs) {
    const target = /^(src|test)\//.test(to) ? path.relative(path.dirname(from), to) : to;
    const spec = to === target || target.startsWith('.') ? target : `./${target}`;
    // By type alone, as far as TypeScript knows types, unless the name says otherwise.
    write(
      from,
      `${/value\.ts$|\.mjs$/.test(from) ? 'import' : 'import type'} { a } from '${spec}';\nexport const b = 1;\n`,
    );
  }
  write('node_modules/diff/package.json', '{ "name": "diff", "main": "index.js" }');
  write('node_modules/diff/index.js', '');
  write('src/trace/one.ts', "import type { Two } from './two.ts';\nexport type One = Two;\n");
  write('src/trace/two.ts', "import type { One } from './one.ts';\nexport type Two = One;\n");
  const { forbidden: rules, options } = config;
  const { output } = await cruise(['src', 'test', 'packaging'], {
    ...options,
    ...(rules && { ruleSet: { forbidden: rules } }),
    validate: true,
    baseDir: root,
  });
  for (const { from, rule } of (output as ICruiseResult).summary.violations)
    found.set(from, [...(found.get(from) ?? []), rule.name]);
});

afterAll(() => {
  rmSync(root, { recursive: true });
});

test.each(forbidden)('%s may not import %s', (from, _to, rule) => {
  expect(found.get(from)).toContain(rule);
});

test.each(allowed)('%s may import %s', (from) => {
  expect(found.get(from)).toBeUndefined();
});

test('two files that need each other by type alone are a circle', () => {
  expect(found.get('src/trace/one.ts')).toEqual(['no circles']);
});

const eslint = new ESLint({
  // The text below is no file of the project, so nothing that needs types can run on it.
  overrideConfig: {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: false } },
    rules: {},
  },
  ruleFilter: ({ ruleId }) => ruleId.startsWith('no-restricted'),
});

/** The rules that a piece of code in a room breaks. */
async function broken(room: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: `src/${room}/example.ts` });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

test.each([
  ['firewall/iptables/plan', "export const later = import('./plan.ts');", 'no-restricted-syntax'],
  ['firewall/iptables/text', 'export const now = Date.now();', 'no-restricted-globals'],
  ['docker', 'export const home = process.env;', 'no-restricted-globals'],
  ['report', 'console.log(1);', 'no-restricted-globals'],
  ['reconcile', 'setTimeout(() => 1, 1);', 'no-restricted-globals'],
  ['trace', 'export const dice = Math.random();', 'no-restricted-properties'],
  ['app', 'export const icc = network.options[NAME];', 'no-restricted-syntax'],
  ['doctor', "export const icc = options['icc'];", 'no-restricted-syntax'],
  ['report', "export const icc = 'com.docker.network.bridge.enable_icc';", 'no-restricted-syntax'],
  [
    'report',
    'export const mode = `com.docker.network.bridge.gateway_mode_${family}`;',
    'no-restricted-syntax',
  ],
  ['host', 'export interface Record { id: string }', 'no-restricted-syntax'],
  ['doctor', 'export type Proxy = string;', 'no-restricted-syntax'],
  ['doctor', 'export function type() {}', 'no-restricted-syntax'],
  ['doctor', 'export const type = () => 1;', 'no-restricted-syntax'],
  ['commands', 'export default 1;', 'no-restricted-syntax'],
])('src/%s may not say: %s', async (room, code, rule) => {
  expect(await broken(room, code)).toContain(rule);
});

test.each([
  ['docker', "export const icc = options['com.docker.network.bridge.enable_icc'];"],
  ['trace', 'export const first = target.options[0];'],
  ['host', "export const later = import('execa');"],
  ['host', 'export const now = Date.now();'],
])('src/%s may say: %s', async (room, code) => {
  expect(await broken(room, code)).toEqual([]);
});
