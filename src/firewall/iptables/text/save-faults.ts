import { Fault } from '../../../fault.ts';

/**
 * A line of a save that cannot be read safely.
 *
 * @param where - what was read, and the line
 * @param what - completes the sentence "line 7 …"
 * @param raw - the line itself, shown below the headline
 */
export function parseFault(where: string, what: string, raw: string | undefined): Fault {
  return new Fault('RG_PARSE', 3, `${where}: ${what}`, {
    ...(raw === undefined ? {} : { details: [raw] }),
    hint: 'Nothing was changed. Correct that line (or the rule it shows) and run the command again.',
  });
}

/** nft-save left a table out because it contains rules that iptables cannot express. */
export function incompatibleFault(where: string, table: string, raw: string): Fault {
  return new Fault(
    'RG_INCOMPATIBLE',
    3,
    `${where}: table ${table} cannot be shown by iptables, so its rules are unknown (not absent)`,
    {
      details: [raw],
      hint: `See what native nft rules it holds: nft -a list table ip ${table} (or ip6 ${table}). Write those with iptables, or into a table of their own`,
    },
  );
}
