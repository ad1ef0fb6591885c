import { Fault } from '../fault.ts';
import { strip } from '../guard/strip.ts';
import { EMPTY_RULESET } from '../iptables/model.ts';
import { parseSave } from '../iptables/parse.ts';
import { printable } from '../report/text.ts';
import { writeAtomically } from '../system/files.ts';
import { readStdin } from '../system/stdin.ts';
import { ownHost } from '../docker/ownership.ts';
import type { Context, Exit } from './context.ts';

export interface StripArgs {
  readonly output: string | undefined;
}

/** `rulesguard strip`: a save without Docker's rules, every other byte kept. */
export async function run({ output }: StripArgs, { printBytes, log }: Context): Promise<Exit> {
  const text = await readStdin();
  if (text === '') {
    throw new Fault(
      'RG_REFUSED_INPUT',
      3,
      'nothing came in on standard input: iptables-save failed, or is still missing from the line',
      {
        hint: 'iptables-save | rulesguard strip --output /etc/iptables/rules.v4',
      },
    );
  }
  const save = parseSave(text, 'standard input');
  // One family a file; a rule of either is recognised the same.
  const owned = ownHost({ ipv4: save.ruleset, ipv6: EMPTY_RULESET });
  const stripped = strip(save, owned.families.ipv4);
  for (const { table, chain, rule, reason } of owned.undecided)
    log.warn(`kept: ${table} ${chain}: ${printable(rule ?? 'the chain')}: ${reason}`);
  if (output === undefined) printBytes(stripped);
  else await writeAtomically(output, Buffer.from(stripped, 'latin1'));
  return 0;
}
