import { FAMILIES, type Family } from '../../net/family.ts';
import { isOpen, type JudgedCell, type JudgedTable } from '../../reach/judge/judge.ts';
import type { UnaskedWays } from '../../reach/unasked.ts';
import { holds, type Acceptance } from '../accept/acceptance.ts';
import { isBroken, type Finding } from '../finding.ts';
import { cellEffects } from './cell-effects.ts';
import { coveringOn } from '../accept/covering.ts';
import { coverOfCell, coverOfFinding } from '../accept/covers.ts';
import type { AcceptedPart, CheckEffect, UnreadPart } from './effect.ts';
import { ruleEffects, rulesBehindCells } from './rule-effects.ts';

/**
 * `damaged`: rules of Docker's are lost; `overridden`: they are whole, and somebody else's rule, a route or a setting decides before them;
 * `unknown`: what packets do could not be told.
 */
export type CheckState = 'intact' | 'damaged' | 'overridden' | 'unknown';

/** What packets do, as far as it was found out. */
export type PacketsSeen =
  | { readonly judged: true; readonly table: JudgedTable; readonly unread: readonly UnreadPart[] }
  /** Not followed: without an Engine's answer nobody knows what is meant. */
  | { readonly judged: false; readonly why: string; readonly unread: readonly UnreadPart[] };

/** How many cells of each kind there are; undefined where no packet was followed. */
export interface CellCounts {
  readonly promised: number;
  readonly lost: number;
  readonly opened: number;
  readonly degraded: number;
  readonly unknown: number;
  /** What the operator's own rules decide. */
  readonly closedByOperator: number;
  readonly openedByOperator: number;
  /** Unknown for a rule of the operator's. */
  readonly unjudged: number;
  readonly accepted: number;
}

/** What was decided about a host; how it reads is `report/check`. */
export interface HostVerdict {
  readonly state: CheckState;
  /** 1 damage, exposure or outage; 3 cannot tell. */
  readonly exit: 0 | 1 | 3;
  /** What is open, the worst first. */
  readonly effects: readonly CheckEffect[];
  readonly accepted: readonly AcceptedPart[];
  readonly cells: CellCounts | undefined;
  /** Why no packet was followed; undefined where they were. */
  readonly unjudged: string | undefined;
  readonly unread: readonly UnreadPart[];
  /** What no packet was followed for, though packets were. */
  readonly unasked: readonly UnaskedWays[];
}

/** All that a verdict is made of. */
export interface VerdictParts {
  readonly findings: readonly Finding[];
  readonly packets: PacketsSeen;
  readonly acceptances: readonly Acceptance[];
  /** `YYYY-MM-DD`, in UTC. */
  readonly today: string;
}

const ORDER: readonly CheckEffect['effect'][] = ['outage', 'exposure', 'degraded', 'unknown', 'notice'];

/** Judges a host: by its packets, where they could be followed, and by the text of rules for what no packet shows. */
export function verdictOf({ findings, packets, acceptances, today }: VerdictParts): HostVerdict {
  const covered = coveringOn(acceptances, today);
  const differing = packets.judged ? packets.table.cells.filter(isOpen) : [];
  const broken = findings.filter(isBroken);
  const cells = differing.filter((cell) => !covered.has(coverOfCell(cell)));
  const rules = broken.filter((finding) => !covered.has(coverOfFinding(finding)));
  const lost = packets.judged ? familiesLost(cells) : undefined;
  const effects = [
    ...cellEffects(
      packets.unread.every(({ isAside }) => isAside === true)
        ? cells
        : cells.filter(({ effect }) => effect !== 'unknown'),
    ).map((effect) => withRules(effect, rulesBehindCells(broken, lost))),
    ...ruleEffects(rules, lost),
    ...unreadEffects(packets.unread),
  ]
    .map((effect) => withExpired(effect, acceptances, today))
    .sort((a, b) => ORDER.indexOf(a.effect) - ORDER.indexOf(b.effect) || b.cells - a.cells);
  const state = stateOf(effects);
  return {
    state,
    exit: state === 'intact' ? 0 : state === 'unknown' ? 3 : 1,
    effects,
    accepted: [...new Set(covered.values())].flatMap(({ id, until, reason, headline, covers }) => {
      const number =
        countIn(covers, differing.map(coverOfCell)) || countIn(covers, broken.map(coverOfFinding));
      return number === 0 ? [] : [{ id, until, reason, headline, covered: number }];
    }),
    cells: packets.judged ? countsOf(packets.table, cells, differing.length - cells.length) : undefined,
    unjudged: packets.judged ? undefined : packets.why,
    unread: packets.unread,
    unasked: packets.judged ? packets.table.unasked : [],
  };
}

/** Rules that are lost may make any cell differ that differs for that. */
const withRules = (effect: CheckEffect, rules: readonly Finding[]): CheckEffect =>
  effect.cause === 'lost' && effect.effect !== 'unknown'
    ? { ...effect, rules: rules.map(coverOfFinding) }
    : effect;

function countIn(covers: readonly string[], all: readonly string[]): number {
  const present = new Set(all);
  return covers.filter((one) => present.has(one)).length;
}

const familiesLost = (cells: readonly JudgedCell[]): ReadonlySet<Family> =>
  new Set(FAMILIES.filter((family) => cells.some((cell) => cell.family === family && cell.cause === 'lost')));

function stateOf(effects: readonly CheckEffect[]): CheckState {
  // What a lost rule does to packets may not be known: that it is lost is.
  if (effects.some(({ cause }) => cause === 'lost')) return 'damaged';
  const open = effects.filter(({ effect }) => effect !== 'unknown');
  if (open.length > 0) return 'overridden';
  return effects.length > 0 ? 'unknown' : 'intact';
}

/** What could not be read, each once, as one finding. */
const unreadEffects = (unread: readonly UnreadPart[]): readonly CheckEffect[] =>
  unread.map((part) => ({
    ...{ id: '', effect: 'unknown', cause: 'unread', cells: 0, deciders: [], covers: [] },
    shown: { by: 'unread', part },
    ...(part.hint === undefined ? {} : { remedy: part.hint }),
  }));

function withExpired(effect: CheckEffect, acceptances: readonly Acceptance[], today: string): CheckEffect {
  const covers = new Set(effect.covers);
  const was = acceptances.findLast(
    (one) => !holds(one, today) && one.covers.some((cover) => covers.has(cover)),
  );
  return was === undefined ? effect : { ...effect, expired: { until: was.until, reason: was.reason } };
}

function countsOf(
  { cells: all, promised }: JudgedTable,
  open: readonly JudgedCell[],
  accepted: number,
): CellCounts {
  const number = (of: readonly JudgedCell[], is: (cell: JudgedCell) => boolean): number =>
    of.filter(is).length;
  return {
    promised,
    lost: number(open, ({ effect }) => effect === 'outage'),
    opened: number(open, ({ effect }) => effect === 'exposure'),
    degraded: number(open, ({ effect }) => effect === 'degraded'),
    unknown: number(open, ({ effect }) => effect === 'unknown'),
    closedByOperator: number(all, ({ effect, differs }) => effect === 'operator' && differs !== 'exposure'),
    openedByOperator: number(all, ({ effect, differs }) => effect === 'operator' && differs === 'exposure'),
    unjudged: number(all, ({ effect, cause }) => effect === 'unknown' && cause === 'operator'),
    accepted,
  };
}
