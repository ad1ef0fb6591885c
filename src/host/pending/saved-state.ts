import { replacingTable } from '../../firewall/nftables/text/replacing.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { Fault } from '../../fault.ts';
import { FAMILIES } from '../../net/family.ts';
import { VARIANTS, type Variant } from '../../firewall/iptables/text/model.ts';
import { parseSave } from '../../firewall/iptables/text/parse.ts';
import { run } from '../command/command.ts';
import { holdAgainstKernel, listAll } from '../xtables/held-rules.ts';
import { saveText } from '../xtables/kernel.ts';
import { hasLegacyTables } from '../xtables/legacy-tables.ts';
import { hasIptables, readNative, readSets, type NativeTableText } from '../nft/sets-native.ts';
import { marked, readWithin, withinInput, type Within } from '../nft/within.ts';

/** All that is in force, as the tools print it: latin1, one character a byte. */
export interface SavedState {
  readonly variants: readonly { readonly variant: Variant; readonly ipv4: string; readonly ipv6: string }[];
  /** `ipset save`; null where ipset is not installed. */
  readonly sets: string | null;
  /** nftables' own tables; null where nft is not installed. */
  readonly native: readonly NativeTableText[] | null;
  /** What nft keeps within iptables' own tables; absent for none, and where it cannot be known. */
  readonly within?: readonly Within[];
}

/**
 * Reads all that is in force: both families, each variant that holds anything, ipsets, nftables' own tables. Loads no
 * module of the legacy variant.
 *
 * @throws Fault when any of it cannot be read, or could not be loaded again as it is
 */
export async function saveState(): Promise<SavedState> {
  const installed = (await hasIptables()) ? VARIANTS.filter((variant) => variant === 'nft') : [];
  const held = (await hasLegacyTables()) ? VARIANTS : installed;
  const [rules, sets, native] = await Promise.all([
    Promise.all(held.map(saveBoth)),
    readSets(),
    readNative(),
  ]);
  const lives = rules.map((saved) => liveOf(saved));
  if (native !== null && native.length > 0) await proveLoadable(native.map(replacingTable).join(''));
  const within = await takeWithin(lives);
  return { variants: rules, sets, native, ...(within.length === 0 ? {} : { within }) };
}

/** Rules that nft wrote among iptables', and its sets and chains in iptables' tables. */
async function takeWithin(lives: readonly Live[]): Promise<readonly Within[]> {
  const nft = lives.find(({ variant }) => variant === 'nft');
  if (nft === undefined) return [];
  const { rules, unverified, moving } = await holdAgainstKernel(nft.rules, 'all');
  if (moving !== undefined)
    throw new Fault('RG_UNSETTLED', 3, 'the rules changed while they were recorded', {
      hint: 'Nothing was changed. Wait until containers have stopped starting, then run it again.',
    });
  if (unverified !== undefined) return [];
  const within = await readWithin(rules);
  if (within.length > 0) await proveLoadable(await inPlace(within));
  return within;
}

/** Given to nft, this changes nothing: each rule takes its own place, each chain is filled again. */
async function inPlace(within: readonly Within[]): Promise<string> {
  const held = await listAll();
  const flushes = within.flatMap(({ table, text }) =>
    [...text.matchAll(/^\tchain (\S+) \{/gm)].map(([, chain = '']) => `flush chain ${table} ${chain}\n`),
  );
  return flushes.join('') + withinInput(within, [], held);
}

async function saveBoth(variant: Variant): Promise<SavedState['variants'][number]> {
  const [ipv4, ipv6] = await Promise.all([saveText('ipv4', variant), saveText('ipv6', variant)]);
  return { variant, ipv4, ipv6 };
}

/** The rules of a record as if they were live, a variant each. @throws Fault RG_PARSE or RG_INCOMPATIBLE */
export const rulesOf = ({ variants, within }: SavedState): readonly Live[] =>
  variants.map((saved) => liveOf(saved, within));

/** Recorded rules as if they were live. @throws Fault RG_PARSE or RG_INCOMPATIBLE */
export function liveOf(saved: SavedState['variants'][number], within: readonly Within[] = []): Live {
  const [ipv4, ipv6] = FAMILIES.map((family) => parseSave(saved[family], `the ${family} save`).ruleset);
  if (ipv4 === undefined || ipv6 === undefined) throw new Error('two families');
  const rules = { ipv4, ipv6 };
  return {
    variant: saved.variant,
    version: undefined,
    rules: saved.variant === 'nft' ? marked(rules, within) : rules,
  };
}

async function proveLoadable(input: string): Promise<void> {
  const { exitCode, stderr } = await run(['nft', '-c', '-f', '-'], { input });
  if (exitCode === 0) return;
  throw new Fault(
    'RG_PENDING',
    1,
    'what nft itself wrote cannot be loaded again as it is, so no rollback is possible',
    {
      details: stderr.split('\n').slice(0, 4),
      hint: 'Nothing was changed. Run it without --confirm.',
    },
  );
}
