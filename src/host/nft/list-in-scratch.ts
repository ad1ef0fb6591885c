import { Fault } from '../../fault.ts';
import { inNetns } from '../xtables/netns.ts';
import { refusalIn } from './write-tables.ts';

/**
 * Loads tables in a network namespace of its own, and lists them there.
 *
 * @param names - `ip docker-user`
 * @param how - `-sa` with the handles of rules, as comments
 * @throws Fault RG_REHEARSAL where nft does not take them
 */
export async function listInScratch(
  text: string,
  names: readonly string[],
  how: '-s' | '-sa' = '-sa',
): Promise<readonly { readonly table: string; readonly text: string }[]> {
  return inNetns(async ({ run }) => {
    const refused = refusalIn(await run(['nft', '-f', '-'], text));
    if (refused !== undefined)
      throw new Fault('RG_REHEARSAL', 3, 'nft does not take the tables', { details: [refused] });
    return Promise.all(
      names.map(async (table) => ({
        table,
        text: (await run(['nft', how, 'list', 'table', ...table.split(' ')])).stdout,
      })),
    );
  });
}
