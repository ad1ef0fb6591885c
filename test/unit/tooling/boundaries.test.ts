import { ESLint } from 'eslint';
import { expect, test, vi } from 'vitest';

// The first lint of a cold or busy machine loads a whole TypeScript program.
vi.setConfig({ testTimeout: 30_000 });

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
  ['iptables', "import fs from 'node:fs';"],
  ['docker', "import { execa } from 'execa';"],
  ['report', "import winston from 'winston';"],
  ['nftables', "import { blockOf } from '../iptables/address.ts';"],
  ['guard', "import type { Inventory } from '../report/text.ts';"],
  ['docker', "import { plan } from '../guard/plan.ts';"],
  ['hook', "import { count } from '../report/text.ts';"],
  ['guard', "import { UFW } from '../hook/ufw.ts';"],
  ['report', "import { run } from '../system/command.ts';"],
  ['system', "import { text } from '../report/text.ts';"],
  ['report', "import { validate } from '../generated/report.js';"],
  ['commands', "import { main } from '../cli.ts';"],
])('src/%s may not: %s', async (room, code) => {
  expect(await broken(room, code)).toContain('no-restricted-imports');
});

test.each([
  ['guard', "export const later = import('node:fs');", 'no-restricted-syntax'],
  ['system', "export const up = import('../commands/check.ts');", 'no-restricted-syntax'],
  ['iptables', 'export const now = Date.now();', 'no-restricted-globals'],
  ['docker', 'export const home = process.env;', 'no-restricted-globals'],
  ['report', 'console.log(1);', 'no-restricted-globals'],
  ['guard', 'setTimeout(() => 1, 1);', 'no-restricted-globals'],
  ['guard', 'export const dice = Math.random();', 'no-restricted-properties'],
])('src/%s may not: %s', async (room, code, rule) => {
  expect(await broken(room, code)).toContain(rule);
});

test.each([
  ['report', "import { createTwoFilesPatch } from 'diff';"],
  ['guard', "import { Fault } from '../fault.ts';"],
  ['guard', "import type { Ruleset } from '../iptables/model.ts';"],
  ['guard', "import { compare } from './compare.ts';"],
  ['system', "import { validate } from '../generated/baseline.js';"],
  ['system', "export const later = import('execa');"],
  ['commands', "import { run } from '../system/command.ts';"],
])('src/%s may: %s', async (room, code) => {
  expect(await broken(room, code)).toEqual([]);
});
