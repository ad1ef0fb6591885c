import type { Family } from '../iptables/model.ts';
import type { NativeChain, NativeTable } from '../nftables/model.ts';
import { parseNativeTable } from '../nftables/parse.ts';
import { sideOf } from './chain.ts';
import { memory } from './memory.ts';
import type { Hook, PathEnd } from './path.ts';
import type { Terrain } from './terrain.ts';

const STOPS = /(?<![\w-])(?:drop|reject|queue|synproxy|fwd|dup|flow)(?![\w-])/;
/** Statements; a helper and a mark for tracing change nothing about the packet itself. */
const CHANGES =
  /(?<![\w-])(?:dnat|snat|masquerade|redirect|tproxy|notrack)(?![\w-])|^[^\S\n]*\S[^\n]*(?<! helper| nftrace) set /m;

/** A listing without strings, and without the conditions that name what NAT did. */
const statementsOf = (text: string): string =>
  text.replaceAll(/"[^"\n]*"/g, '""').replaceAll(/\bct status (?:!= )?(?:\{[^}]*\}|\S+)/g, '');

/** `inet firewalld`. */
export const spell = ({ family, name }: NativeTable): string => `${family} ${name}`;

const isFor = (table: string, family: Family): boolean => {
  const [first = ''] = table.split(' ');
  return first !== 'arp' && first !== (family === 'ipv4' ? 'ip6' : 'ip');
};

/** A chain of nftables' own that sees the packets of a hook. */
interface Hooked {
  readonly table: NativeTable;
  readonly chain: NativeChain;
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
}

/** One of the tables as it was listed, and read where it can be followed. */
interface Reading {
  readonly table: string;
  /** Undefined for a text that is not understood. */
  readonly read: NativeTable | undefined;
  /** Undefined where it cannot be followed. */
  readonly followed: NativeTable | undefined;
  readonly isHooked: boolean;
  readonly mayStop: boolean;
  readonly mayChange: boolean;
}

const readings = memory<readonly Reading[]>();

/** nftables' own tables, each read once for a terrain. */
export const readNatives = ({ natives = [] }: Pick<Terrain, 'natives'>): readonly Reading[] =>
  readings(natives, '', () =>
    natives.map(({ table, text }) => {
      const statements = statementsOf(text);
      const mayChange = CHANGES.test(statements);
      const read = parseNativeTable(text);
      return {
        table,
        read,
        followed: read !== undefined && !mayChange && isFollowable(read, statements) ? read : undefined,
        isHooked: /\bhook\b/.test(statements),
        mayStop: STOPS.test(statements),
        mayChange,
      };
    }),
  );

/** The chains of a hook that can be followed, by priority. */
export function hooksAt(terrain: Terrain, family: Family, hook: Hook): readonly Hooked[] {
  if (terrain.natives === undefined || terrain.natives.length === 0) return [];
  return hooked(terrain.natives, `${family} ${hook}`, () =>
    readNatives(terrain)
      .filter(({ table }) => isFor(table, family))
      .flatMap(({ followed }) => (followed === undefined ? [] : chainsAt(followed, hook)))
      .sort((a, b) => a.priority - b.priority),
  );
}

const hooked = memory<readonly Hooked[]>();

const chainsAt = (table: NativeTable, hook: Hook): readonly Hooked[] =>
  [...table.chains.values()].flatMap((chain): readonly Hooked[] => {
    const { type, hook: at, priority, policy } = chain.base ?? {};
    return type === 'filter' && at === hook.toLowerCase() && priority !== undefined && policy !== undefined
      ? [{ table, chain, priority, policy }]
      : [];
  });

const RAW = -300;
const TRACKS = -200;

/** A table that only lets pass or stops, at hooks that iptables has, and at no moment at which others change the packet. */
function isFollowable(table: NativeTable, statements: string): boolean {
  const asksConnections = /(?<![\w-])ct(?![\w-])/.test(statements);
  return (
    /^(?:ip6?|inet)$/.test(table.family) &&
    [...table.chains.values()].every((chain) => isPlain(chain, table, asksConnections))
  );
}

function isPlain({ name, base }: NativeChain, table: NativeTable, asksConnections: boolean): boolean {
  if (base === undefined) return true;
  const hook = base.hook.toUpperCase() as Hook;
  const { type, priority } = base;
  if (priority === undefined || !/^(?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/.test(hook)) return false;
  if (type !== 'filter') return base.policy === 'accept' && stopsNobody(name, table);
  if (hook === 'FORWARD') return true;
  const translates = sideOf(hook) === 'destination' ? -100 : 100;
  // Of two chains of one priority nobody tells which comes first; a rule in `raw` may take a packet's connection away.
  return ![TRACKS, translates, ...(asksConnections ? [RAW] : [])].includes(priority);
}

/** Whether no rule that a chain leads to can stop a packet. */
function stopsNobody(start: string, { chains }: NativeTable): boolean {
  const seen = new Set<string>();
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const { text, verdict } of chains.get(name)?.rules ?? []) {
      if (STOPS.test(statementsOf(text)) || (verdict !== undefined && !('is' in verdict))) return false;
      if (verdict?.chain !== undefined) open.push(verdict.chain);
    }
  }
  return true;
}

/**
 * What is left of an answer beside nftables' own tables that cannot be followed. One without a base chain sees no packet.
 * One that may drop makes unknown whether a packet passes; one that may change packets makes everything unknown.
 */
export function besideNatives(terrain: Terrain, family: Family, end: PathEnd): PathEnd {
  if (end.at === 'unknown') return end;
  const passes = end.at === 'sent' || end.at === 'local';
  if (terrain.natives === undefined)
    return passes ? { at: 'unknown', why: 'whether nftables has tables of its own could not be read' } : end;
  const seeing = readNatives(terrain).filter(
    ({ table, followed, isHooked }) => followed === undefined && isHooked && isFor(table, family),
  );
  const changing = seeing.find(({ mayChange }) => mayChange);
  const stopping = passes ? seeing.find(({ mayStop }) => mayStop) : undefined;
  const deciding = changing ?? stopping;
  return deciding === undefined
    ? end
    : { at: 'unknown', why: `nftables' own table ${deciding.table} decides too` };
}
