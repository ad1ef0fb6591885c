import type { Family } from '../../net/family.ts';
import { HOOK_PRIORITY } from '../../net/hook-priority.ts';
import type {
  NativeChain,
  NativeRule,
  NativeTable,
  NativeVerdict,
} from '../../firewall/nftables/text/model.ts';
import { parseNativeTable } from '../../firewall/nftables/text/parse.ts';
import { natPriority } from '../chain.ts';
import { memory } from '../memory.ts';
import type { Hook, PathEnd } from '../path.ts';
import type { NetworkState } from '../network-state.ts';

const STOPS = /(?<![\w-])(?:drop|reject|queue|synproxy|fwd|dup|flow)(?![\w-])/;
/** Statements; a helper and a mark for tracing change nothing about the packet itself. */
const CHANGES =
  /(?<![\w-])(?:dnat|snat|masquerade|redirect|tproxy|notrack)(?![\w-])|^[^\S\n]*\S[^\n]*(?<! helper| nftrace) set /m;

/** A listing without strings, and without the conditions that name what NAT did. */
const statementsOf = (text: string): string =>
  text.replaceAll(/"[^"\n]*"/g, '""').replaceAll(/\bct status (?:!= )?(?:\{[^}]*\}|\S+)/g, '');

/** Why a path is unknown where nftables' own tables could not be read. */
export const NATIVES_UNREAD = 'whether nftables has tables of its own could not be read';

/** `inet firewalld`. */
export const spell = ({ family, name }: NativeTable): string => `${family} ${name}`;

const isFor = (table: string, family: Family): boolean => {
  const [first = ''] = table.split(' ');
  return first !== 'arp' && first !== (family === 'ipv4' ? 'ip6' : 'ip');
};

/** A chain of nftables' own that sees the packets of a hook. */
export interface Hooked {
  readonly table: NativeTable;
  readonly chain: NativeChain;
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  /** Its rules that read or write marks, as listed; '' for none. */
  readonly marks: string;
}

/** One of the tables as it was listed, and read where it can be followed. */
interface NativeReading {
  readonly table: string;
  /** Undefined for a text that is not understood. */
  readonly read: NativeTable | undefined;
  /** Undefined where it cannot be followed. */
  readonly followed: NativeTable | undefined;
  readonly isHooked: boolean;
  readonly mayStop: boolean;
  readonly mayChange: boolean;
}

const readings = memory<readonly NativeReading[]>();

/** nftables' own tables, each read once for a netState. */
export const readNatives = ({ natives = [] }: Pick<NetworkState, 'natives'>): readonly NativeReading[] =>
  readings(natives, '', () =>
    natives.map(({ table, text }) => {
      const statements = statementsOf(text);
      const mayChange = CHANGES.test(statements);
      const read = parseNativeTable(text);
      return {
        table,
        read,
        followed: read !== undefined && isFollowable(read) ? read : undefined,
        isHooked: /\bhook\b/.test(statements),
        mayStop: STOPS.test(statements),
        mayChange,
      };
    }),
  );

/**
 * The chains of a hook that can be followed, by priority.
 *
 * @param kind - `nat`: those that are shown the first packet of a connection alone, where iptables' table nat is
 */
export function hooksAt(
  netState: NetworkState,
  family: Family,
  hook: Hook,
  kind: 'filter' | 'nat' = 'filter',
): readonly Hooked[] {
  if (netState.natives === undefined || netState.natives.length === 0) return [];
  return hooked(netState.natives, `${family} ${hook} ${kind}`, () =>
    readNatives(netState)
      .filter(({ table }) => isFor(table, family))
      .flatMap(({ followed }) => (followed === undefined ? [] : chainsAt(followed, hook, kind)))
      .sort((a, b) => a.priority - b.priority),
  );
}

const hooked = memory<readonly Hooked[]>();

const chainsAt = (table: NativeTable, hook: Hook, kind: 'filter' | 'nat'): readonly Hooked[] =>
  [...table.chains.values()].flatMap((chain): readonly Hooked[] => {
    const { type, hook: at, priority, policy } = chain.base ?? {};
    const isOfKind = kind === 'nat' ? type === 'nat' : type !== 'nat';
    return isOfKind && at === hook.toLowerCase() && priority !== undefined && policy !== undefined
      ? [{ table, chain, priority, policy, marks: markRules(reachedFrom(chain.name, table)) }]
      : [];
  });

/** A table of which everything is followed that its chains may do, and every moment at which they do it. */
const isFollowable = (table: NativeTable): boolean =>
  /^(?:ip6?|inet)$/.test(table.family) && [...table.chains.values()].every((chain) => isPlain(chain, table));

function isPlain({ name, base }: NativeChain, table: NativeTable): boolean {
  if (base === undefined) return true;
  const hook = base.hook.toUpperCase() as Hook;
  const { type, priority } = base;
  if (priority === undefined || !/^(?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/.test(hook)) return false;
  if (type === 'nat') return true;
  const rules = reachedFrom(name, table);
  const marks = rules.some((rule) => (rule.marks ?? []).length > 0 || isUnknown(rule));
  // A changed mark has a packet made here routed again, by the one type and not by the other.
  if (hook === 'OUTPUT' && marks) return false;
  if (hook === 'FORWARD') return true;
  const asksConnections = rules.some(({ text }) => /(?<![\w-])ct(?![\w-])/.test(statementsOf(text)));
  // Of two chains of one priority it is not known which comes first; a rule in `raw` may take a packet's connection away.
  const { raw, conntrack } = HOOK_PRIORITY;
  return ![conntrack, natPriority(hook), ...(asksConnections ? [raw] : [])].includes(priority);
}

const markRules = (rules: readonly NativeRule[]): string =>
  rules
    .map(({ text }) => statementsOf(text))
    .filter((text) => /(?<![\w-])(?:meta|ct) mark(?![\w-])/.test(text))
    .join('\n');

const isUnknown = ({ verdict }: NativeRule): boolean =>
  verdict !== undefined && 'is' in verdict && verdict.is === 'unknown';

/** The rules of a chain, and of all that it may lead to. */
function reachedFrom(start: string, { chains, maps }: NativeTable): readonly NativeRule[] {
  const seen = new Set([start]);
  // A loop over a Set also visits what is added during the loop.
  for (const name of seen)
    for (const { verdict } of chains.get(name)?.rules ?? [])
      for (const { chain } of verdictsOf(verdict, maps)) if (chain !== undefined) seen.add(chain);
  return [...seen].flatMap((name) => chains.get(name)?.rules ?? []);
}

function verdictsOf(verdict: NativeRule['verdict'], maps: NativeTable['maps']): readonly NativeVerdict[] {
  if (verdict === undefined) return [];
  if ('is' in verdict) return [verdict];
  const mappings = typeof verdict.among === 'string' ? maps.get(verdict.among) : verdict.among;
  return (mappings ?? []).map((one) => one.verdict);
}

/**
 * What is left of an answer beside nftables' own tables that cannot be followed. One without a base chain sees no packet.
 * One that may drop makes unknown whether a packet passes; one that may change packets makes everything unknown.
 */
export function besideNatives(netState: NetworkState, family: Family, end: PathEnd): PathEnd {
  if (end.at === 'unknown') return end;
  const passes = end.at === 'sent' || end.at === 'local';
  if (netState.natives === undefined) return passes ? { at: 'unknown', why: NATIVES_UNREAD } : end;
  const seeing = readNatives(netState).filter(
    ({ table, followed, isHooked }) => followed === undefined && isHooked && isFor(table, family),
  );
  const changing = seeing.find(({ mayChange }) => mayChange);
  const stopping = passes ? seeing.find(({ mayStop }) => mayStop) : undefined;
  const deciding = changing ?? stopping;
  return deciding === undefined
    ? end
    : { at: 'unknown', why: `nftables' own table ${deciding.table} decides too`, table: deciding.table };
}
