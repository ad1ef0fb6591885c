import type { HostNetwork } from '../../doctor/facts/network-state.ts';
import { orUnavailable } from '../../doctor/facts/unavailable.ts';
import { FAMILIES } from '../../net/family.ts';
import { readLinks, readRouting, readSysctlsBy } from '../doctor/kernel-network.ts';
import { readSets } from '../nft/sets-native.ts';
import { readNatives } from '../nft/within.ts';
import type { Sandbox } from './sandbox.ts';

/** All of a sandbox's network that decides about packets beside the rules of iptables. */
export interface SandboxNetwork extends HostNetwork {
  /** What decides about packets too and is not followed here: traffic control, IPsec, neighbours that were set. Lines of text. */
  readonly beside: readonly string[];
}

/** Queues that every interface is given without anybody asking. */
const USUAL_QUEUE = /^qdisc (?:noqueue|mq|fq_codel|fq|pifo_fast|pfifo_fast|noop) 0: /;
const BESIDE =
  '{ tc qdisc show; ip xfrm policy; ip xfrm state; ip -4 neigh show nud permanent; ip -6 neigh show nud permanent; } 2>/dev/null; :';

/** Reads a sandbox's network. @throws Fault of a tool that is missing or takes too long */
export async function readSandboxNetwork({ onNetwork }: Pick<Sandbox, 'onNetwork'>): Promise<SandboxNetwork> {
  const [sets, natives, links, sysctls, beside, ...routing] = await Promise.all([
    orUnavailable(readSets(onNetwork).then((saved) => ({ saved }))),
    orUnavailable(readNatives(onNetwork).then((tables) => ({ tables }))),
    orUnavailable(readLinks(onNetwork)),
    readSysctlsBy(onNetwork),
    onNetwork(['sh', '-c', BESIDE]),
    ...FAMILIES.map((family) => orUnavailable(readRouting(family, onNetwork))),
  ]);
  const lines = beside.stdout.split('\n').filter((line) => line.trim() !== '' && !USUAL_QUEUE.test(line));
  return { sets, natives, links, routing, sysctls, beside: lines };
}
