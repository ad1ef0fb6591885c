import type { Family } from '../../net/family.ts';
import { memory } from '../memory.ts';
import type { NetworkState } from '../network-state.ts';
import { isFor } from './tables.ts';

const BY_NFT = /(?<![\w-])(?:ct|dnat|snat|masquerade|redirect|synproxy|flow)(?![\w-])/;
const BY_IPTABLES =
  / -m (?:conntrack|state|connmark|connbytes|connlimit|connlabel|helper|cluster) | -j (?:DNAT|SNAT|MASQUERADE|REDIRECT|NETMAP|CT|CONNMARK|CONNSECMARK|SYNPROXY|CLUSTERIP)(?: |$)/;

const known = memory<boolean>();

/**
 * Whether anything has the kernel track the connections of a family. A chain of type nat alone does not: without a translation or a question
 * about connections anywhere in the namespace no packet is tracked, and such a chain is shown none (measured on kernel 6.18).
 */
export const tracksConnections = (netState: NetworkState, family: Family): boolean =>
  known(netState.cutFrom ?? netState, family, () => {
    const { rulesets, natives = [] } = netState.cutFrom ?? netState;
    return (
      natives.some(
        ({ table, text }) => isFor(table, family) && BY_NFT.test(text.replaceAll(/"[^"\n]*"/g, '""')),
      ) ||
      rulesets.some(({ rules }) =>
        [...rules[family].tables.values()].some(({ chains }) =>
          [...chains.values()].some((chain) => chain.rules.some(({ text }) => BY_IPTABLES.test(text))),
        ),
      )
    );
  });
