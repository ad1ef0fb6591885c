#!/usr/bin/env node
'use strict';

// Start-up only: runs the bundle, with the bytecode an earlier run of the same command left beside it, or that the builder of the
// one-file program (packaging/linux/one-file.mjs, which this file begins too) put into it. That bytecode is V8's code cache: without it a third of a `check` is spent on compiling. CommonJS, because
// starting Node's module loader for ES modules costs 5 ms more. docs/evidence/performance.md has the figures.

/**
 * The first minor version of each major one that runs it, as package.json's engines have it; later majors all do. npm installs it
 * under an older Node all the same, and only warns.
 *
 * @type {{ readonly [major: number]: number }}
 */
const FIRST_MINOR = { 20: 19, 22: 12 };

// This file is parsed by whatever Node there is, so its syntax is that of 2019 (eslint.config.js), and before this line nothing is loaded.
if (isTooOld(process.versions.node)) refuse();

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
/** @type {typeof import('node:sea')} */
const sea = require('node:sea');

const bundle = path.join(__dirname, '..', 'dist', 'rulesguard.cjs');
const cacheDir = path.join(__dirname, '..', 'dist', 'cache');

// Exit code 1 says "damage found", so a crash must not leave Node's own 1.
process.once('uncaughtException', crash);

// Where the current directory has been removed, this still names it: relative paths fail as they should, and programs
// start. Node throws on every call (20.20).
try {
  process.cwd();
} catch {
  process.cwd = () => '/proc/self/cwd';
}

const inside = sea.isSea();
const owner = inside ? undefined : fs.statSync(bundle).uid;
const source = inside ? carried('dist/rulesguard.cjs').toString('latin1') : fs.readFileSync(bundle, 'latin1');
const cache = inside ? undefined : cacheFile(source, process.argv.slice(2));
const cachedData = inside ? carriedCache() : cache === undefined ? undefined : readTrusted(cache);
const script = new vm.Script(source, { filename: bundle, cachedData });

/** @type {{ exports: { main(argv: readonly string[]): Promise<void> } }} */
const program = { exports: { main: () => Promise.reject(new Error('empty bundle')) } };
script.runInThisContext()(program.exports, require, program, bundle, path.dirname(bundle));
program.exports.main(process.argv.slice(2)).then(keepCache, crash);

/**
 * A file of those that the one-file program holds.
 *
 * @param {string} name
 */
function carried(name) {
  return Buffer.from(/** @type {ArrayBuffer} */ (sea.getRawAsset(name)));
}

/** The bytecode that the builder put into the one-file program; not every architecture's could be made. */
function carriedCache() {
  try {
    return carried('code-cache');
  } catch {
    return undefined;
  }
}

/**
 * One cache for each command: it then holds what that command runs and no more. The bundle's first line is a
 * digest of the rest, because V8 itself compares nothing of the source but its length.
 *
 * @param {string} text
 * @param {readonly string[]} argv
 */
function cacheFile(text, [command = '', action = '']) {
  const [, digest] = /^\/\/([0-9a-f]{32})\n/.exec(text) || [];
  // What `hook pre` runs is of no use to `hook post`.
  const words = command === 'hook' ? [command, action] : [command];
  if (digest === undefined || words.some((word) => !/^[a-z]{2,12}$/.test(word))) return undefined;
  return path.join(cacheDir, [digest, ...words].join('-'));
}

/**
 * A code cache is code that root runs, so it has to be as hard to change as the bundle is. Anything else is
 * as good as none; a cache of another Node is turned down by V8.
 *
 * @param {string} file
 */
function readTrusted(file) {
  let fd;
  try {
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || (stat.mode & 0o022) !== 0 || (stat.uid !== 0 && stat.uid !== owner))
      return undefined;
    return fs.readFileSync(fd);
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/**
 * Made after a run that did its work, when the functions it needs are compiled. Only the bundle's owner writes,
 * as Python does with __pycache__; where dist cannot be written, the program is slower and no worse.
 */
function keepCache() {
  const usable = cachedData !== undefined && script.cachedDataRejected === false;
  const worked = process.exitCode === undefined || process.exitCode === 0 || process.exitCode === 1;
  const helped = process.argv.some((word) => word === '--help' || word === '-h' || word === '--version');
  if (
    cache === undefined ||
    usable ||
    !worked ||
    helped ||
    process.geteuid === undefined ||
    process.geteuid() !== owner
  )
    return;
  const draft = `${cache}.${String(process.pid)}`;
  try {
    fs.mkdirSync(cacheDir, { recursive: true, mode: 0o755 });
    fs.writeFileSync(draft, script.createCachedData(), { mode: 0o644, flag: 'wx' });
    fs.renameSync(draft, cache);
  } catch {
    try {
      fs.rmSync(draft, { force: true });
    } catch {
      // The work is done; what became of it is the exit code.
    }
  }
}

/** @param {string} version of Node, `20.19.0` */
function isTooOld(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22) return false;
  const first = FIRST_MINOR[major];
  return first === undefined || minor < first;
}

/** Says so in one line, and ends with 3: cannot tell. A monitoring plugin's line goes to stdout, where it is read. */
function refuse() {
  const wanted = Object.keys(FIRST_MINOR).map((major) => `${major}.${FIRST_MINOR[Number(major)]}`);
  const says = `Node ${process.versions.node} (${process.execPath}) is too old: rulesguard needs ${wanted.join(', ')}, or 24 and newer; nothing was looked at or changed`;
  if (process.argv.includes('--nagios')) console.log(`RULESGUARD UNKNOWN - ${says}`);
  else console.error(`rulesguard: ${says}`);
  process.exit(3);
}

/** @param {unknown} error */
function crash(error) {
  const told = process.argv.includes('debug') && error instanceof Error ? error.stack : String(error);
  try {
    fs.writeSync(2, `rulesguard: internal error; nothing is known of the rules\n  ${String(told)}\n`);
  } catch {
    // Nobody can be told.
  }
  process.exit(2);
}
