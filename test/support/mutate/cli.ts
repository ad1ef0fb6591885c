import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDamage, type Finding } from '../../../src/reconcile/finding.ts';
import { rulesOf } from '../../../src/firewall/iptables/text/model.ts';
import { restoreCommand } from '../../../src/host/xtables/kernel.ts';
import { KINDS, mutationInput, titleOf, type Mutation } from './mutate.ts';
import { wronglyCrossed } from './order.ts';
import { findingTroubles } from './expect.ts';
import type { Settled } from './samples.ts';
import { bare, expectedAfter } from './text.ts';
import type { Outcome } from '../program.ts';

const PROJECT = path.resolve(import.meta.dirname, '../../..');

/** One mutation of each kind, from the middle of its table; of moves one that does harm. */
export function oneOfEach(mutations: readonly Mutation[], { rules }: Settled): readonly Mutation[] {
  const harmful = mutations.filter(({ what, family, table, chain, rule, to }) => {
    if (what !== 'move' || rule === undefined || to === undefined) return true;
    return wronglyCrossed(`${table} ${chain}`, rulesOf(rules[family], table, chain), rule, to).length > 0;
  });
  return KINDS.flatMap((kind) => {
    const same = harmful.filter(({ what }) => what === kind);
    return same[same.length >> 1] ?? [];
  });
}

/** Lets the built program itself record, find and repair: snapshot once, then check and restore for each mutation. */
export async function surviveCli(
  mutations: readonly Mutation[],
  settled: Settled,
): Promise<readonly string[]> {
  if (!existsSync(path.join(PROJECT, 'dist'))) throw new Error('nothing to test: run `npm run build` first');
  const directory = mkdtempSync(path.join(tmpdir(), 'rulesguard-mutation-'));
  const places = ['--state-dir', path.join(directory, 'state'), '--run-dir', path.join(directory, 'run')];
  const program = (...args: readonly string[]): Promise<Outcome> =>
    settled.ns.exec(process.execPath, [path.join(PROJECT, 'bin', 'rulesguard.js'), ...args, ...places], {
      env: { DOCKER_HOST: `unix://${directory}/nobody.sock`, NO_COLOR: '1' },
    });
  try {
    // Without its Engine a network that does no masquerading looks like one that lost it.
    const troubles = told('snapshot', 0, await program('snapshot', '--force'));
    for (const mutation of mutations) {
      const found = await surviveOne(mutation, settled, program);
      troubles.push(...found.map((trouble) => `${titleOf(mutation)}: ${trouble}`));
    }
    return [...troubles, ...told('check', 0, await program('check'))];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const told = (verb: string, expected: number, { code, stdout, stderr }: Outcome): string[] =>
  code === expected ? [] : [`${verb}: exit ${String(code)}\n${stdout}${stderr}`];

async function surviveOne(
  mutation: Mutation,
  settled: Settled,
  program: (...args: readonly string[]) => Promise<Outcome>,
): Promise<readonly string[]> {
  const { ns, variant, base, rules, saves } = settled;
  const { family } = mutation;
  const [file, ...args] = restoreCommand(family, variant, 5);
  await ns.exec(file, args, { input: mutationInput(mutation, base, rules) });
  const check = await program('check', '--json');
  const { findings } = JSON.parse(check.stdout) as { readonly findings: readonly Finding[] };
  const troubles = [
    ...told('check', 1, check),
    ...findingTroubles(mutation, settled, findings.filter(isDamage)),
    ...told('restore', 0, await program('restore', '--assume-unchanged')),
  ];
  const after = await ns.save(family, variant, ['-c']);
  if (bare(after) !== expectedAfter(mutation, saves[family])) troubles.push(`not as before:\n${after}`);
  return troubles;
}
