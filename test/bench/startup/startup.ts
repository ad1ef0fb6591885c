import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeFolder } from '../../../packaging/linux/node-binary.mjs';
import { RELEASE } from '../../../packaging/linux/release.mjs';
import { interleave, least, median, type Case, type Samples } from '../clock.ts';
import { ANY_VERDICT, HERE, Installed, must, type Words } from '../program.ts';
import { dockerHost } from '../ruleset.ts';
import { IS_SHORT } from '../self.ts';
import { tableOf } from '../tables.ts';

const ROUNDS = IS_SHORT ? 1 : 40;
const RULES = 100;
const HOOK_POST = ['hook', 'post', '--target', 'bench'];

/**
 * Whole runs on an intact host (and a restore after `iptables -F`), by npm's package and by the one file, which hold the same
 * Node: beside an empty process of that Node, and beside it and the reads that an answer needs.
 */
export function startUpTable(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-startup-'));
  const node = path.join(nodeFolder('x64'), 'bin/node');
  const installed = new Installed('bare', HERE, node);
  try {
    const words = [path.join(HERE, 'packaging/package.mjs'), '--only', 'x64', '--bare', '--to', folder];
    must(process.execPath, words);
    const programs: Readonly<Record<string, Words>> = {
      "npm's package": [node, path.join(HERE, 'bin/rulesguard.js')],
      'one file': [path.join(folder, `rulesguard-${RELEASE.version}-linux-x64`)],
    };
    installed.load(dockerHost(RULES));
    installed.flush();
    const input = installed.output(['restore', '--print']);
    installed.rulesguard(['restore']);
    installed.rulesguard(['hook', 'pre', '--target', 'bench']);
    const cases: Record<string, Case> = {
      'empty Node': () => installed.node(),
      'floor of check': () => installed.ask() + installed.saves(),
      'floor of restore': () => {
        installed.flush();
        return installed.ask() + installed.saves() + installed.restore(input) + installed.saves();
      },
    };
    for (const [name, program] of Object.entries(programs)) {
      const run = (line: readonly string[], exits: readonly number[] = [0]): number =>
        installed.startedAs(program, line, {}, exits);
      cases[`--version, ${name}`] = () => run(['--version']);
      cases[`check, ${name}`] = () => run(['check'], ANY_VERDICT);
      cases[`hook post, ${name}`] = () => run(HOOK_POST);
      cases[`restore, ${name}`] = () => {
        installed.flush();
        return run(['restore']);
      };
    }
    return rowsOf(interleave(cases, ROUNDS));
  } finally {
    installed.dispose();
    rmSync(folder, { recursive: true });
  }
}

function rowsOf(all: Readonly<Record<string, Samples>>): string {
  const of = (name: string): Samples => all[name] ?? { wall: [], cpu: NaN };
  const ratio = (one: Samples, other: Samples, of: (values: readonly number[]) => number): string =>
    (of(one.wall) / of(other.wall)).toFixed(2);
  const rows = Object.entries(all).map(([name, samples]) => {
    const floor = of(name.startsWith('restore') ? 'floor of restore' : 'floor of check');
    const beside = /^(?:check|hook post|restore), /.test(name);
    return [
      name,
      least(samples.wall).toFixed(0),
      median(samples.wall).toFixed(0),
      samples.cpu.toFixed(0),
      ratio(samples, of('empty Node'), least),
      beside ? ratio(samples, floor, least) : '',
      beside ? ratio(samples, floor, median) : '',
    ];
  });
  const head = ['what', 'best ms', 'median ms', 'processor ms', 'bests, to empty Node'];
  return tableOf([...head, 'bests, to its floor', 'medians, to its floor'], rows);
}
