import type { MatchContext } from '../match-context.ts';

/** A setting that came with the release, 5.7, that tells POSTROUTING where a packet came in. */
const SINCE_5_7 = 'ipv4/ip_autobind_reuse';

/** Whether the kernel may be older than that. */
export const isOld = ({ netState }: Pick<MatchContext, 'netState'>): boolean =>
  !netState.sysctls.has(SINCE_5_7);

/**
 * The interface a packet came in by, as the rules of a hook see it; '' for none. Kernels before 5.7 do not tell it in POSTROUTING, none
 * does there of what a bridge carries (ip_output.c; br_netfilter_hooks.c, br_nf_post_routing).
 *
 * @returns undefined where that is not known
 */
export function arrival({ packet, netState, hook, bridged }: MatchContext): string | undefined {
  const { inInterface } = packet;
  if (hook !== 'POSTROUTING' || inInterface === '') return inInterface;
  if (bridged) return '';
  return isOld({ netState }) ? undefined : inInterface;
}
