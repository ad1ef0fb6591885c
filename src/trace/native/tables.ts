import type { Family } from '../../net/family.ts';
import type { NativeChain, NativeTable } from '../../firewall/nftables/text/model.ts';
import { parseNativeTable } from '../../firewall/nftables/text/parse.ts';
import { memory } from '../memory.ts';
import { HOOKS, type Hook } from '../path.ts';
import type { NetworkState } from '../network-state.ts';
import { reachedFrom, statementsOf } from './reached.ts';
import { usesOf, type Uses } from './uses.ts';

const STOPS = /(?<![\w-])(?:drop|reject|queue|synproxy|fwd|dup|flow)(?![\w-])/;
/** Statements; a helper and a mark for tracing change nothing about the packet itself. */
const CHANGES =
  /(?<![\w-])(?:dnat|snat|masquerade|redirect|tproxy|notrack)(?![\w-])|^[^\S\n]*\S[^\n]*(?<! helper| nftrace) set /m;

/** `inet firewalld`. */
export const spell = ({ family, name }: NativeTable): string => `${family} ${name}`;

/** Whether a table, `inet own`, sees packets of a family. */
export const isFor = (table: string, family: Family): boolean => {
  const [first = ''] = table.split(' ');
  return first !== 'arp' && first !== (family === 'ipv4' ? 'ip6' : 'ip');
};

/** A chain of nftables' own that sees the packets of a hook. */
export interface Hooked {
  readonly table: NativeTable;
  readonly chain: NativeChain;
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  /** What its rules, and those they lead to, read and write that others do too. */
  readonly uses: Uses;
}

/** A base chain that cannot be followed, or, of a text that is not understood, whatever it holds. */
interface Unfollowed {
  /** Undefined for a text that is not understood. */
  readonly chain: NativeChain | undefined;
  readonly mayStop: boolean;
  readonly mayChange: boolean;
}

/** One of the tables as it was listed. */
interface NativeReading {
  readonly table: string;
  /** Undefined for a text that is not understood. */
  readonly read: NativeTable | undefined;
  readonly unfollowed: readonly Unfollowed[];
  /** It hands flows over, whose later packets meet no rule. */
  readonly handsOver: boolean;
}

const readings = memory<readonly NativeReading[]>();

/** nftables' own tables, each read once for a netState. */
export const readNatives = ({ natives = [] }: Pick<NetworkState, 'natives'>): readonly NativeReading[] =>
  readings(natives, '', () =>
    natives.map(({ table, text }) => {
      const read = parseNativeTable(text);
      const handsOver = /\bflow (?:add|offload) @/.test(statementsOf(text));
      return { table, read, unfollowed: unfollowedIn(read, statementsOf(text)), handsOver };
    }),
  );

function unfollowedIn(read: NativeTable | undefined, statements: string): readonly Unfollowed[] {
  const unfollowed = (chain: NativeChain | undefined, text: string): Unfollowed => ({
    ...{ chain, mayStop: STOPS.test(text), mayChange: CHANGES.test(text) },
  });
  if (read === undefined) return /\bhook\b/.test(statements) ? [unfollowed(undefined, statements)] : [];
  if (read.isDormant) return [];
  return [...read.chains.values()]
    .filter((chain) => chain.base !== undefined && !isFollowed(chain, read))
    .map((chain) => {
      const texts = reachedFrom(chain.name, read).map(({ text }) => statementsOf(text));
      return unfollowed(chain, [...texts, chain.base?.policy ?? ''].join('\n'));
    });
}

/** Whether everything is followed that a base chain may do, and the moment at which it does it. */
function isFollowed({ name, base }: NativeChain, table: NativeTable): boolean {
  if (base?.priority === undefined) return false;
  if (/^(?:ip6?|inet)$/.test(table.family) && HOOKS.some((hook) => hook.toLowerCase() === base.hook))
    return true;
  if (base.hook !== 'ingress' || base.devices.length === 0) return false;
  // For these rules no packet is of IPv4 or of IPv6.
  return table.family === 'inet' || !reachedFrom(name, table).some(({ text }) => /\bnfproto\b/.test(text));
}

/**
 * The chains of a hook that can be followed, by priority; of one table's the one first that was made last.
 *
 * @param kind - `nat`: those that are shown the first packet of a connection alone, where iptables' table nat is
 */
export function hooksAt(
  netState: NetworkState,
  family: Family,
  hook: Hook,
  kind: 'filter' | 'nat' = 'filter',
): readonly Hooked[] {
  return chainsOf(netState, family, `${hook} ${kind}`, ({ base }) => {
    const isOfKind = kind === 'nat' ? base?.type === 'nat' : base?.type !== 'nat';
    return isOfKind && base?.hook === hook.toLowerCase();
  });
}

/** As {@link hooksAt}, of what sees packets the moment they come in by an interface. */
export const ingressAt = (netState: NetworkState, family: Family, device: string): readonly Hooked[] =>
  chainsOf(
    netState,
    family,
    `ingress ${device}`,
    ({ base }) =>
      base?.hook === 'ingress' &&
      base.devices.some((name) =>
        name.endsWith('*') ? device.startsWith(name.slice(0, -1)) : name === device,
      ),
  );

const hooked = memory<readonly Hooked[]>();

function chainsOf(
  netState: NetworkState,
  family: Family,
  key: string,
  isMeant: (chain: NativeChain) => boolean,
): readonly Hooked[] {
  if (netState.natives === undefined || netState.natives.length === 0) return [];
  return hooked(netState.natives, `${family} ${key}`, () =>
    readNatives(netState)
      .flatMap(({ table, read }) =>
        read === undefined || read.isDormant || !isFor(table, family) ? [] : chainsIn(read, isMeant),
      )
      .sort((a, b) => a.priority - b.priority || (a.table === b.table ? b.chain.handle - a.chain.handle : 0)),
  );
}

const chainsIn = (table: NativeTable, isMeant: (chain: NativeChain) => boolean): readonly Hooked[] =>
  [...table.chains.values()].flatMap((chain): readonly Hooked[] => {
    const { priority, policy } = chain.base ?? {};
    return priority !== undefined && policy !== undefined && isMeant(chain) && isFollowed(chain, table)
      ? [{ table, chain, priority, policy, uses: usesOf(reachedFrom(chain.name, table)) }]
      : [];
  });
