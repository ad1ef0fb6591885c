import type { NftRule } from '../tables/model.ts';
import {
  BRIDGES_TABLE,
  ENCRYPTED_IN,
  ENCRYPTED_OUT,
  FORWARD,
  JUMP_MAPS,
  NAT_OUTPUT,
  NAT_PREROUTING,
  OVERLAY_TABLE,
  POSTROUTING,
  RAW_PREROUTING,
  TRANSLATIONS,
} from '../tables/names.ts';
import { purposeOf, TABLE_PURPOSE_IDS, type TablePurposeId } from './purpose.ts';

/** What the holes of a purpose's text hold in one rule. */
export interface TableCaptures {
  readonly bridge?: string;
  readonly ip?: string;
  /** Of the container. */
  readonly port?: string;
  readonly hostIp?: string;
  readonly hostPort?: string;
  readonly proto?: string;
  readonly subnet?: string;
  /** Who asks, of a link. */
  readonly parent?: string;
}

/** A rule in Docker's tables, and what it is for; no purpose: it is not Docker's. */
export interface OwnedTableRule {
  readonly rule: NftRule;
  readonly purpose: TablePurposeId | undefined;
  readonly captures: TableCaptures;
}

const ADDRESS = String.raw`[\d.]+|[\da-f]*:[\da-f:.]*`;

/** What a hole of a purpose's text may hold. */
const HOLES: Readonly<Record<string, string>> = {
  bridge: '"(?<bridge>[^"]+)"',
  bridges: String.raw`(?:"(?<bridge>[^"]+)"|\{ "[^"]+"(?:, "[^"]+")+ \})`,
  ip: `(?<ip>${ADDRESS})`,
  hostIp: `(?<hostIp>${ADDRESS})`,
  parent: `(?<parent>${ADDRESS})`,
  target: String.raw`(?:(?<ip4>[\d.]+)|\[(?<ip6>[\da-f:.]+)\]):(?<port>\d+)`,
  hostPort: String.raw`(?<hostPort>\d+)`,
  port: String.raw`(?<port>\d+)`,
  proto: '(?<proto>tcp|udp|sctp)',
  subnet: String.raw`(?<subnet>(?:${ADDRESS})(?:/\d+)?)`,
  mark: '(?:0x[0-9a-f]+|& 0x[0-9a-f]+ == 0x[0-9a-f]+)',
};

/** The expression that the text of a rule of this purpose satisfies. */
function patternOf(text: string): RegExp {
  const seen = new Set<string>();
  const escaped = text.replace(/[.*+?^$()|{}\\/]/g, String.raw`\$&`);
  const source = escaped
    .replaceAll('[', '(?:')
    .replaceAll(']', ')?')
    .replace(/<(\w+)>/g, (_, hole: string) => {
      if (seen.has(hole)) return String.raw`\k<${hole}>`;
      seen.add(hole);
      return HOLES[hole] ?? '';
    });
  return new RegExp(`^${source}$`);
}

interface KnownShape {
  readonly id: TablePurposeId;
  readonly pattern: RegExp;
}

const keyOf = (id: TablePurposeId): string => {
  const { chain } = purposeOf(id);
  return typeof chain === 'string' ? chain : chain.prefix;
};

/** By chain, or by the beginning of its name. */
const SHAPES: ReadonlyMap<string, readonly KnownShape[]> = new Map(
  TABLE_PURPOSE_IDS.map((one): [string, readonly KnownShape[]] => [
    keyOf(one),
    TABLE_PURPOSE_IDS.filter((id) => keyOf(id) === keyOf(one)).map((id) => ({
      id,
      pattern: patternOf(purposeOf(id).text),
    })),
  ]),
);

/** A chain of Docker's by its name: which, and of which bridge. */
export interface DockersChain {
  /** Its name, or the beginning of it that is the same for every bridge. */
  readonly kind: string;
  readonly bridge: string | undefined;
}

const BY_TABLE: Readonly<Record<string, readonly string[]>> = {
  [BRIDGES_TABLE]: [FORWARD, POSTROUTING, NAT_PREROUTING, NAT_OUTPUT, RAW_PREROUTING, TRANSLATIONS],
  [OVERLAY_TABLE]: [ENCRYPTED_IN, ENCRYPTED_OUT],
};

/** Which of Docker's chains this one is; undefined for somebody else's in its table. */
export function dockersChain(table: string, chain: string): DockersChain | undefined {
  if (BY_TABLE[table]?.includes(chain) === true) return { kind: chain, bridge: undefined };
  if (table !== BRIDGES_TABLE) return undefined;
  const prefix = JUMP_MAPS.find((one) => chain.startsWith(one.prefix))?.prefix;
  const bridge = prefix === undefined ? '' : chain.slice(prefix.length);
  return prefix === undefined || bridge === '' ? undefined : { kind: prefix, bridge };
}

/**
 * What a rule is for, by its text and its chain. In tables that are Docker's alone no more is needed: a rule of somebody's that is equal
 * to one of Docker's to the letter does the same.
 */
export function ownTableRule(table: string, chain: string, rule: NftRule): OwnedTableRule {
  return { rule, ...(purposeIn(table, chain, rule.text) ?? { purpose: undefined, captures: {} }) };
}

function purposeIn(
  table: string,
  chain: string,
  text: string,
): { readonly purpose: TablePurposeId; readonly captures: TableCaptures } | undefined {
  const place = dockersChain(table, chain);
  for (const { id, pattern } of SHAPES.get(place?.kind ?? '') ?? []) {
    const found = pattern.exec(text);
    const captures = found === null ? undefined : capturesOf(found.groups ?? {}, place?.bridge);
    if (captures !== undefined) return { purpose: id, captures };
  }
  return undefined;
}

/**
 * Whether a rule as `nft list table` shows it is one that Docker writes in a table of its own.
 *
 * @param table - with its family: `ip docker-bridges`
 * @param text - without what was counted
 */
export const isDockersListed = (table: string, chain: string, text: string): boolean =>
  isDockersTable(table) && purposeIn(table.replace(/^\S+ /, ''), chain, text) !== undefined;

/** Whether a table is one of Docker's own. @param table - with its family: `ip docker-bridges` */
export const isDockersTable = (table: string): boolean =>
  /^ip6? /.test(table) && BY_TABLE[table.replace(/^\S+ /, '')] !== undefined;

/** Undefined for a rule about another bridge than the one whose chain it is in, which Docker never writes. */
function capturesOf(
  { ip4, ip6, ...groups }: Readonly<Record<string, string | undefined>>,
  own: string | undefined,
): TableCaptures | undefined {
  const { bridge = own } = groups;
  if (own !== undefined && bridge !== own) return undefined;
  const ip = groups['ip'] ?? ip4 ?? ip6;
  const found = Object.entries({ ...groups, bridge, ip }).filter(([, held]) => held !== undefined);
  return Object.fromEntries(found);
}
