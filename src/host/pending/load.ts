import { withoutPassing } from '../../firewall/nftables/text/declared-table.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { type HostRules, EMPTY_RULESET } from '../../firewall/iptables/text/model.ts';
import { firstDifference, withEmptied } from '../../firewall/iptables/plan/rollback.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import { printRuleset } from '../../firewall/iptables/text/print.ts';
import { run } from '../command/command.ts';
import { listAll } from '../xtables/held-rules.ts';
import { readVariant, restoreWhole } from '../xtables/kernel.ts';
import { ofFamily, readWithin, withinInput, withPlaceholders, type Within } from '../nft/within.ts';

/**
 * Loads those families of a variant whole that are not as wanted, with what nft keeps within their tables, and reads them
 * back.
 *
 * @throws Error when they are not as wanted
 */
export async function load(
  { variant, rules }: Live,
  within: readonly Within[],
  waitSeconds: number,
): Promise<void> {
  const now = await readAll(variant);
  for (const family of FAMILIES) {
    if (differenceIn(family, { rules, within }, now) === undefined) continue;
    const text = printRuleset(withEmptied(withPlaceholders(rules[family]), now.rules[family]), 'counters');
    if (text !== '') {
      const outcome = await restoreWhole(family, variant, text, waitSeconds);
      if (!outcome.applied) throw new Error(`${family}, ${variant}: ${outcome.message}`);
    }
    if (variant === 'nft' && now.unverified === undefined) await loadWithin(family, within);
  }
  const back = await readAll(variant);
  for (const family of FAMILIES) {
    const difference = differenceIn(family, { rules, within }, back);
    if (difference !== undefined) throw new Error(`read back, it differs: ${difference}`);
  }
}

interface Whole {
  readonly rules: HostRules;
  readonly within: readonly Within[];
}

async function readAll(variant: Live['variant']): Promise<Whole & Pick<Live, 'unverified'>> {
  const live = await readVariant(variant, 'all');
  const isKnown = variant === 'nft' && live.unverified === undefined;
  return { ...live, within: isKnown ? await readWithin(live.rules) : [] };
}

function differenceIn(family: Family, wanted: Whole, is: Whole): string | undefined {
  const only = ({ rules }: Whole): HostRules => ({
    ...{ ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET },
    [family]: rules[family],
  });
  const textsOf = ({ within }: Whole): string =>
    ofFamily(within, family)
      .map(({ text }) => withoutPassing(text))
      .join('');
  return (
    firstDifference(only(wanted), only(is)) ??
    (textsOf(wanted) === textsOf(is) ? undefined : `${family}, what nft keeps within iptables' tables`)
  );
}

async function loadWithin(family: Family, within: readonly Within[]): Promise<void> {
  const present = ofFamily(await readWithin({ ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET }), family);
  const wanted = ofFamily(within, family);
  if (present.length === 0 && wanted.length === 0) return;
  const input = withinInput(wanted, present, await listAll());
  const { exitCode, stderr } = await run(['nft', '-f', '-'], { input, detached: true });
  if (exitCode !== 0) throw new Error(`nft: ${stderr.split('\n')[0] ?? ''}`);
}
