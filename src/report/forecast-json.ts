import type { HostRules } from '../firewall/iptables/text/model.ts';
import { printRuleset } from '../firewall/iptables/text/print.ts';
import type { Finding } from '../reconcile/finding.ts';
import type { Shadow } from '../reconcile/impact.ts';
import type { Cell } from '../reach/cell.ts';
import type { ReachChange } from '../reach/change/cells.ts';
import { worseGroups } from './forecast-text.ts';
import { cellJson } from './reach/json.ts';
import { printable } from './text.ts';

/** What can be done about a change that would break something. */
export interface NextStep {
  /** In words, for people. */
  readonly says: string;
  /** To be typed; absent where there is nothing to type. */
  readonly command?: string;
  /**
   * What the command does: makes the change and repairs what it broke; takes all of the change back once it is made, or a part of it; makes it,
   * rolled back unless it is confirmed; makes it.
   */
  readonly does?: 'repair' | 'undo' | 'undo-part' | 'try' | 'run';
}

/** What a document says of ways. */
export interface ForecastReach {
  readonly change: ReachChange;
  readonly beside: readonly string[];
  readonly wayBack: string;
}

/** What the document of a forecast is made of. */
export interface ForecastFacts {
  readonly command: readonly string[];
  readonly verdict: 'safe' | 'would-break' | 'unknown';
  readonly by: 'memory' | 'rehearsal' | null;
  /** Why it is unknown; null otherwise. */
  readonly reason: string | null;
  /** Null where it is not known who should reach what. */
  readonly reach: ForecastReach | null;
  readonly findings: readonly Finding[];
  readonly shadows: readonly Shadow[];
  readonly next: readonly NextStep[];
  /** The rules left behind; null where they are unknown. */
  readonly after: HostRules | null;
}

/** The document of `run --dry-run --json` and `check --candidate --json`; schemas/forecast.schema.json describes it. */
export function forecastJson({ after, reach, next, ...facts }: ForecastFacts): unknown {
  return {
    $schema: 'https://rulesguard.dev/schemas/forecast.schema.json',
    version: 1,
    ...facts,
    reach: reach && reachJson(reach),
    next: next.flatMap(({ does, command }) => (does === undefined ? [] : [{ does, command }])),
    after: after && { ipv4: printRuleset(after.ipv4), ipv6: printRuleset(after.ipv6) },
  };
}

function reachJson({ change, beside, wayBack }: ForecastReach): unknown {
  const { worse, unknown, better, single, unpromised, stillUnknown } = change;
  return {
    counts: {
      worse: worse.length,
      unknown: unknown.length,
      stillUnknown: stillUnknown.length,
      better: better.length,
      single: single.length,
      unpromised: unpromised.length,
    },
    groups: worseGroups(change).map(({ effect, headline, names, reasons, cells }) => ({
      ...{ effect, headline: printable(headline), cells },
      names: names.map(printable),
      reasons: reasons.map(printable),
    })),
    cells: [...worse, ...unknown].map(({ cell, isGone }) => ({ ...unjudged(cell), gone: isGone })),
    beside: beside.map(printable),
    wayBack,
  };
}

/** What only a judged table says of a cell. */
const OF_JUDGED: ReadonlySet<string> = new Set(['differs', 'cause', 'decider', 'accepted']);

const unjudged = (cell: Cell): Readonly<Record<string, string | number | null>> =>
  Object.fromEntries(Object.entries(cellJson(cell)).filter(([name]) => !OF_JUDGED.has(name)));
