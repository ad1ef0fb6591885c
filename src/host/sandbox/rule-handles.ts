import { parseNativeTable } from '../../firewall/nftables/text/parse.ts';
import type { NativeTableText } from '../nft/sets-native.ts';

const HANDLE = /\bhandle\s+\d/;

/** Whether a command names what it is about by nft's number for it, which is another one in a copy. */
export const namesHandle = (words: readonly string[]): boolean => HANDLE.test(words.join(' '));

/**
 * The same command for a copy of nftables' own tables: there the rule that it names has another handle, in the same place.
 *
 * @param words - `nft delete rule ip docker-bridges filter-FORWARD handle 11`
 * @param host - its tables with the handles of rules
 * @param copy - the same tables in a copy
 * @returns undefined where it is not such a command, or the rule is in none of these tables
 */
export function forCopy(
  words: readonly string[],
  host: readonly NativeTableText[],
  copy: readonly NativeTableText[],
): readonly [string, ...string[]] | undefined {
  const [program = '', ...rest] = words;
  const given = rest.join(' ');
  const found = /^(.*\brule (?:(\w+) )?(\S+) (\S+) handle )(\d+)( .*)?$/.exec(given);
  const [, head = '', family = 'ip', name = '', chain = '', handle = '', tail = ''] = found ?? [];
  if (
    found === null ||
    !/(?:^|\/)nft$/.test(program) ||
    HANDLE.test(`${head.replace(/handle $/, '')}${tail}`)
  )
    return undefined;
  const rulesIn = (tables: readonly NativeTableText[]) => {
    const text = tables.find(({ table }) => table === `${family} ${name}`)?.text;
    return (text === undefined ? undefined : parseNativeTable(text))?.chains.get(chain)?.rules ?? [];
  };
  const [own, copied] = [rulesIn(host), rulesIn(copy)];
  const at = own.findIndex((rule) => rule.handle === handle);
  const other = copied[at];
  if (at < 0 || other === undefined || other.text !== own[at]?.text || own.length !== copied.length)
    return undefined;
  return [program, ...`${head}${other.handle}${tail}`.split(' ')];
}
