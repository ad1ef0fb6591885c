import type { Level, PurposeId } from './purpose.ts';

/** What the words of one rule say, by name. Only the fields its shape has. */
export interface Captures {
  readonly bridge?: string;
  readonly subnet?: string;
  /** An endpoint's address, without prefix length. */
  readonly ip?: string;
  /** The endpoint's address that a link leads from. */
  readonly source?: string;
  readonly hostIp?: string;
  readonly proto?: string;
  /** The container's port, or the host's where the rule has only that. */
  readonly port?: string;
  readonly hostPort?: string;
  readonly iface?: string;
  readonly target?: string;
  /** Engine ≤23 and ≥24 write the VXLAN id differently; here it is the text that holds it. */
  readonly vni?: string;
}

/** What must be known beside the text before a rule of this shape may be called Docker's. */
export type Needs =
  | 'nothing'
  | 'bridge'
  | 'forward-bridge'
  | 'sets'
  | 'endpoint'
  | 'loopback-port'
  | 'trusted-endpoint'
  | 'sctp-port';

/** Within one scope of one chain, a rule of a lower phase must come before every rule of a higher one. */
export interface OrderPhase {
  readonly scope: string;
  readonly phase: number;
}

/** The text of a Docker Engine's rules of one purpose, in iptables-save's spelling. */
export interface Shape {
  readonly id: PurposeId;
  readonly table: string;
  readonly chains: readonly string[];
  /** The words after `-j` it may end in; the first thing looked at, so that foreign rules cost next to nothing. */
  readonly targets: readonly string[];
  /** Matched against the rulespec, anchored at both ends. */
  readonly pattern: Pattern;
  readonly level: Level;
  readonly needs: Needs;
  /** Where Docker puts it in a chain it shares with others: inserted first, or appended. */
  readonly placed: 'top' | 'bottom';
  /** The order that matters (docs/reference/docker-iptables.md#order-that-matters); absent when none does. */
  readonly order?: (captures: Captures) => readonly OrderPhase[];
}

/** A shape as the tables hold it: its purpose is its key, and its level follows from the purpose. */
export type ShapeWords = Omit<Shape, 'id' | 'level'>;

const NAME = '[^\\s/!"]{1,15}';
const ADDRESS = '[0-9a-fA-F:.]+';

/** Pieces of rule text, named like the captures they fill. */
export const PIECE = {
  bridge: `(?<bridge>${NAME})`,
  iface: `(?<iface>${NAME})`,
  ip: `(?<ip>${ADDRESS})/(?:32|128)`,
  subnet: `(?<subnet>${ADDRESS}/\\d{1,3})`,
  proto: '-p (?<proto>tcp|udp|sctp) -m \\k<proto>',
  established: '-m conntrack --ctstate RELATED,ESTABLISHED',
  vxlan:
    '-m udp --dport \\d+ (?:-m u32 --u32 "0x0>>0x16&0x3c@0xc&0xffffff00=(?<vni>0x[0-9a-f]+)"' +
    '|-m bpf --bytecode "(?:6,177 0 0 0,64 0 0 12,84 0 0 4294967040,21 1 0 (?<vni6>\\d+),6 0 0 0,6 0 0 4294967295' +
    '|7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 (?<vni7>\\d+),6 0 0 0,6 0 0 4294967295)")',
  address: ADDRESS,
} as const;

/** A regular expression whose groups are numbered, and what each captures. */
export interface Pattern {
  readonly expression: RegExp;
  readonly names: readonly (keyof Captures)[];
}

/**
 * A rulespec pattern, anchored.
 *
 * Named in the source, numbered in the expression: V8 makes an object of named groups for every match, which took longer
 * than the match itself (Node 20: 180 ms for 100,000 rules with names, 75 without).
 */
export function spec(source: string): Pattern {
  const groups: string[] = [];
  const numbered = source
    .replace(/\(\?<(\w+)>/g, (_, name: string) => {
      groups.push(name);
      return '(';
    })
    .replace(/\\k<(\w+)>/g, (_, name: string) => `\\${String(groups.indexOf(name) + 1)}`);
  const names = groups.map((name) => (name.startsWith('vni') ? 'vni' : (name as keyof Captures)));
  return { expression: new RegExp(`^${numbered}$`), names };
}
