import { Fault } from '../../../fault.ts';
import { ownHost, type OwnedHost } from './ownership.ts';
import type { Variant } from '../text/model.ts';
import type { Live } from '../text/live.ts';

/** Whether any of Docker's rules is among them. */
export const holdsDockers = (owned: OwnedHost): boolean =>
  [owned.families.ipv4, owned.families.ipv6].some((tables) => tables.size > 0);

/**
 * The one of two variants that Docker uses.
 *
 * @param recorded - the variant of the baseline, for when no rule of Docker's is left
 * @param fallback - for when nothing was recorded either
 * @throws Fault RG_VARIANTS_SPLIT when Docker's rules are in both, or not in the one recorded
 */
export function chooseVariant(
  nft: Live,
  legacy: Live,
  recorded: Variant | undefined,
  fallback: Variant,
): Live {
  const inNft = holdsDockers(ownHost(nft.rules));
  const inLegacy = holdsDockers(ownHost(legacy.rules));
  if (inNft && inLegacy) {
    throw new Fault(
      'RG_VARIANTS_SPLIT',
      3,
      "Docker's rules are in both iptables variants, nft and legacy: both are in force, and only one is Docker's",
      {
        details: [
          'Someone changed iptables with update-alternatives while Docker was running, or restored a saved file with the other tool.',
        ],
        hint: "See which one Docker's iptables uses (iptables --version), then delete the other's DOCKER chains or reboot.",
      },
    );
  }
  const used = inNft ? nft : inLegacy ? legacy : fallback === 'legacy' ? legacy : nft;
  if (recorded !== undefined && used.variant !== recorded) {
    throw new Fault(
      'RG_VARIANTS_SPLIT',
      3,
      `the baseline was recorded in the ${recorded} variant of iptables, but Docker's rules are now in ${used.variant}`,
      {
        hint: 'If that change is meant, record the present state: rulesguard snapshot',
      },
    );
  }
  return used;
}
