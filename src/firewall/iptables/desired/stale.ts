import { PURPOSES } from '../ownership/purpose.ts';
import type { Captures } from '../ownership/shape.ts';
import type { OwnedRule } from '../ownership/ownership.ts';
import type { Family } from '../../../net/family.ts';

/** A recorded rule that must not come back, and why. */
export interface Stale {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly owned: OwnedRule;
  readonly reason: string;
  /** The container it served, where that is not running: Docker writes such rules again when it starts. */
  readonly stopped?: string | undefined;
}

/**
 * Recorded rules that must not come back, with the container that each served where that is not running. A rule that names a port and no
 * address (of the loopback address, of sctp's checksums) served the container to which the translation of that port led.
 */
export function withStoppedContainers(stale: readonly Stale[]): readonly Stale[] {
  const translations = stale.filter(
    ({ owned, stopped }) => owned.shape?.id === 'dnat' && stopped !== undefined,
  );
  if (translations.length === 0) return stale;
  return stale.map((one) => {
    if (one.stopped !== undefined) return one;
    const isOf = portOf(one);
    const stopped =
      isOf &&
      translations.find(({ family, owned }) => family === one.family && isOf(owned.captures ?? {}))?.stopped;
    return stopped === undefined ? one : { ...one, stopped };
  });
}

/** Tells the translations of the port that a rule is for; undefined for a rule that is for no port alone. */
function portOf({
  owned: { shape, captures = {} },
}: Stale): ((translation: Captures) => boolean) | undefined {
  if (shape === undefined) return undefined;
  switch (PURPOSES[shape.id].serves) {
    case 'loopback-port':
      return ({ hostIp, hostPort, proto }) =>
        hostIp === captures.hostIp && hostPort === captures.hostPort && proto === captures.proto;
    case 'sctp-port':
      return ({ port, proto }) => proto === 'sctp' && port === captures.port;
    default:
      return undefined;
  }
}
