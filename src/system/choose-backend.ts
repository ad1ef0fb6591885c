import { Fault } from '../fault.ts';
import { ownHost, type OwnedHost } from '../docker/ownership.ts';
import type { Backend } from '../iptables/model.ts';
import type { Live } from './kernel.ts';

/** Whether any of Docker's rules is among them. */
export const holdsDockers = (owned: OwnedHost): boolean =>
  [owned.families.ipv4, owned.families.ipv6].some((tables) => tables.size > 0);

/**
 * The one of two backends that Docker uses.
 *
 * @param recorded - the backend of the baseline, for when nothing of Docker's is left to go by
 * @param fallback - for when nothing was recorded either
 * @throws Fault RG_BACKENDS_SPLIT when Docker's rules stand in both, or not in the one recorded
 */
export function choose(nft: Live, legacy: Live, recorded: Backend | undefined, fallback: Backend): Live {
  const inNft = holdsDockers(ownHost(nft.rules));
  const inLegacy = holdsDockers(ownHost(legacy.rules));
  if (inNft && inLegacy) {
    throw new Fault(
      'RG_BACKENDS_SPLIT',
      3,
      "Docker's rules stand in both backends, nft and legacy: both are in force, and only one is Docker's",
      {
        details: [
          'Someone changed iptables with update-alternatives while Docker was running, or restored a saved file with the other tool.',
        ],
        hint: "See which one Docker's iptables uses (iptables --version), then delete the other's DOCKER chains or reboot.",
      },
    );
  }
  const used = inNft ? nft : inLegacy ? legacy : fallback === 'legacy' ? legacy : nft;
  if (recorded !== undefined && used.backend !== recorded) {
    throw new Fault(
      'RG_BACKENDS_SPLIT',
      3,
      `the baseline was recorded in the ${recorded} backend, but Docker's rules now stand in ${used.backend}`,
      {
        hint: 'If that change is meant, record the present state: rulesguard snapshot',
      },
    );
  }
  return used;
}
