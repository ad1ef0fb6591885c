import { FAMILIES, type Family } from '../../net/family.ts';
import type { ReadingEra } from '../era.ts';
import type { Endpoint } from './inventory.ts';

/** A container's place on one network, as far as it decides where its published ports lead. */
export interface Attachment {
  /** Name of the network. */
  readonly network: string;
  /** Undefined on a network that is no bridge (macvlan, overlay). */
  readonly endpoint: Endpoint | undefined;
  /** Whether a default gateway could be here, by family: never in an internal network. */
  readonly leads: Readonly<Record<Family, boolean>>;
  /** Whether ports open here without a translation (gateway mode `routed`), by family. */
  readonly routed: Readonly<Record<Family, boolean>>;
  /** `gw-priority` (28.0 and later), else 0. */
  readonly priority: number;
  /** docker_gwbridge is the gateway only where no other network is. */
  readonly isLast: boolean;
}

/**
 * The endpoint that gives a container its default gateway, by family: published ports are translated to its address.
 * Undefined where that is no bridge (macvlan), or where there is none.
 *
 * Measured on 20.10.24, 26.1.5, 28.5.2 and 29.7.2 against the real translations of containers on one to three networks,
 * attached before and after their start: internal networks give none, then the higher gw-priority, then a network with
 * gateways in both families before one with a single one, then the name in byte order (`Zed` before `aa`). Up to 29.4.0 the
 * first network with both families takes both, even from one with a higher gw-priority; from 29.4.1 on each family goes by
 * that order alone. With an IPv4-only and an IPv6-only network each family has its own, from 28 on.
 */
export function gatewaysOf(
  attachments: readonly Attachment[],
  choice: ReadingEra['gatewayChoice'],
): Readonly<Record<Family, Endpoint | undefined>> {
  const ranked = attachments.length > 1 ? attachments.toSorted(inOrder) : attachments;
  const both = choice === 'dual-first' ? ranked.find(isDual) : undefined;
  const first = (family: Family) => (both ?? ranked.find(({ leads }) => leads[family]))?.endpoint;
  return { ipv4: first('ipv4'), ipv6: first('ipv6') };
}

const inOrder = (a: Attachment, b: Attachment): number =>
  b.priority - a.priority ||
  Number(a.isLast) - Number(b.isLast) ||
  Number(isDual(b)) - Number(isDual(a)) ||
  (a.network < b.network ? -1 : 1);

const isDual = ({ leads }: Attachment): boolean => FAMILIES.every((family) => leads[family]);
