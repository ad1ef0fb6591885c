// Binaries of Node, out of npm's registry: those that the one-file programs are made of, and one that is too old.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..');
const cache = path.join(root, 'node_modules', '.cache', 'node-binaries');

/** @typedef {{ readonly package: string, readonly version: string, readonly integrity: string }} NodePackage */

/** @type {{ readonly x64: NodePackage, readonly arm64: NodePackage, readonly tooOld: NodePackage }} */
export const NODES = JSON.parse(readFileSync(path.join(import.meta.dirname, 'nodes.json'), 'utf8'));

/**
 * A pinned Node, downloaded the first time and kept in node_modules/.cache.
 *
 * @param {keyof typeof NODES} which
 * @returns {string} its folder, with bin/node and LICENSE in it
 * @throws {Error} when it cannot be had, or is not what nodes.json pins
 */
export function nodeFolder(which) {
  const { package: name, version, integrity } = NODES[which];
  const folder = path.join(cache, `${name}-${version}`);
  if (existsSync(folder)) return path.join(folder, 'package');
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(path.join(cache, 'draft-'));
  try {
    run('npm', ['pack', '--silent', '--pack-destination', draft, `${name}@${version}`], root);
    const [archive = ''] = readdirSync(draft);
    const digest = createHash('sha512').update(readFileSync(path.join(draft, archive)));
    const found = `sha512-${digest.digest('base64')}`;
    if (found !== integrity) throw new Error(`${name} ${version} is ${found}, not ${integrity} as pinned`);
    run('tar', ['-xzf', archive, 'package/bin/node', 'package/LICENSE'], draft);
    rmSync(path.join(draft, archive));
    // Beside another build the first one wins: both hold the same.
    if (!existsSync(folder)) renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return path.join(folder, 'package');
}

/**
 * Runs a program of the build.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {Readonly<Record<string, string>>} [env]
 * @returns {string} what it printed
 * @throws {Error} with all it said, unless it exits with 0
 */
export function run(program, args, cwd, env = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status === 0) return stdout;
  throw new Error(
    `${[program, ...args].join(' ')}: ${error?.message ?? `exit ${String(status)}`}\n${stdout}${stderr}`,
  );
}
