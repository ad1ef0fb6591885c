import { FAMILIES, type Family } from '../iptables/model.ts';
import type { Endpoint } from './inventory.ts';

/** A container's place on one network, as far as it decides where its published ports lead. */
export interface Attachment {
  /** Name of the network. */
  readonly network: string;
  /** Undefined on a network that is no bridge (macvlan, overlay). */
  readonly endpoint: Endpoint | undefined;
  /** Whether a default gateway could be here, by family: never in an internal network. */
  readonly leads: Readonly<Record<Family, boolean>>;
  /** `gw-priority` (28.0 and later), else 0. */
  readonly priority: number;
  /** docker_gwbridge serves only where nothing else does. */
  readonly isLast: boolean;
}

/**
 * The endpoint that gives a container its default gateway, by family: published ports are translated to its address.
 * Undefined where that is no bridge (macvlan), or where there is none.
 *
 * Measured on 20.10.24, 26.1.5 and 28.5.2 against the real translations of containers on one to three networks, attached
 * before and after their start: internal networks give none, a network with gateways in both families goes before one with
 * a single one (28.5: even before one with a higher gw-priority), then the higher gw-priority, then the name in byte order
 * (`Zed` before `aa`). 28.5 decides per family: with an IPv4-only and an IPv6-only network each family has its own.
 */
export function gatewaysOf(
  attachments: readonly Attachment[],
): Readonly<Record<Family, Endpoint | undefined>> {
  const ranked = attachments.length > 1 ? attachments.toSorted(inOrder) : attachments;
  const first = (family: Family) => ranked.find(({ leads }) => leads[family])?.endpoint;
  return { ipv4: first('ipv4'), ipv6: first('ipv6') };
}

const inOrder = (a: Attachment, b: Attachment): number =>
  Number(a.isLast) - Number(b.isLast) ||
  Number(isDual(b)) - Number(isDual(a)) ||
  b.priority - a.priority ||
  (a.network < b.network ? -1 : 1);

const isDual = ({ leads }: Attachment): boolean => FAMILIES.every((family) => leads[family]);
