import { stripSave, type StripEvent, type StripPort } from '../app/strip/strip-save.ts';
import { readStdin } from '../host/command/stdin.ts';
import { writeAtomically } from '../host/files/files.ts';
import { usualVariant } from '../host/xtables/kernel.ts';
import { readByTool } from '../host/xtables/tool-reading.ts';
import { printable } from '../report/text.ts';
import type { Context, Exit } from './context.ts';

export interface StripArgs {
  readonly output: string | undefined;
}

const REAL: StripPort = {
  readInput: readStdin,
  readByTool: async (text) => readByTool(text, await usualVariant()),
  write: (path, text) => writeAtomically(path, Buffer.from(text, 'latin1')),
};

/** `rulesguard strip`: what iptables-save or nft listed without Docker's rules, every other byte kept. */
export async function run({ output }: StripArgs, { printBytes, log }: Context): Promise<Exit> {
  const stripped = await stripSave(REAL, output, (event) => {
    log.warn(textOf(event));
  });
  if (output === undefined) printBytes(stripped);
  return 0;
}

function textOf(event: StripEvent): string {
  if (event.kind === 'reprinted')
    return `note: ${event.why}. iptables-restore loads it all the same, so it is written as iptables-save prints it then: comments and order of lines are gone`;
  const { table, chain, rule, reason } = event.rule;
  return `kept: ${table} ${chain}: ${printable(rule ?? 'the chain')}: ${reason}`;
}
