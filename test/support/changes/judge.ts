import type { Measured } from '../doctor/scene.ts';
import type { Flow } from '../doctor/flows.ts';
import { CLIENT } from '../lab/wire.ts';
import { isReached } from '../matrix/packets.ts';
import { cellOf, NOT_ASKED, type PrintedCell } from './cell-of-flow.ts';
import type { HostChange } from './change.ts';

/** What `run --dry-run --json` prints. */
export interface PrintedForecast {
  readonly verdict: 'safe' | 'would-break' | 'unknown';
  readonly by: string | null;
  readonly reason: string | null;
  readonly reach: {
    readonly counts: Readonly<Record<string, number>>;
    readonly cells: readonly (PrintedCell & { readonly gone: boolean })[];
  } | null;
  readonly command: readonly [string, ...string[]];
  readonly next: readonly { readonly does: string; readonly command: string }[];
  readonly findings: readonly { readonly kind: string; readonly rule?: string }[];
}

/** A change, what was said of it, and what packets then did. */
export interface TriedChange {
  readonly change: HostChange;
  readonly forecast: PrintedForecast;
  readonly before: readonly Measured[];
  readonly after: readonly Measured[];
}

/** What a tried change comes to. */
export interface ChangeVerdict {
  /** Flows that changed, one line each. */
  readonly changed: readonly string[];
  /** Names of the flows that got worse. */
  readonly worse: readonly string[];
  /** Said to be safe, and a way of Docker's got worse: the one thing that must not happen. */
  readonly missed: readonly string[];
  /** Told as cut or opened, and packets say otherwise. */
  readonly refuted: readonly string[];
  /** Harmless by hand, and refused. */
  readonly isWronglyRefused: boolean;
}

/** Names of the flows of which a forecast says that they get worse. */
export const toldFlows = (
  flows: readonly Flow[],
  { reach }: PrintedForecast,
  table: readonly PrintedCell[],
): ReadonlySet<string> =>
  new Set(
    flows.flatMap((flow) => {
      return saidOf(flow, cellOf(flow, table), reach?.cells ?? []) === undefined ? [] : [flow.name];
    }),
  );

/** What became of a flow: cut, opened, or seen as somebody else; undefined where it is as it was. */
function becameOf(was: string, is: string): 'cut' | 'opened' | 'other' | undefined {
  if (isReached(was) !== isReached(is)) return isReached(was) ? 'cut' : 'opened';
  return isReached(was) && was !== is ? 'other' : undefined;
}

/**
 * Holds a forecast against packets.
 *
 * @param table - every cell before the change, as `reach --json --all` prints it
 */
export function judgeChange(
  { change, forecast, before, after }: TriedChange,
  table: readonly PrintedCell[],
): ChangeVerdict {
  const was = new Map(before.map(({ flow, answer }) => [flow.name, answer]));
  const told = forecast.reach?.cells ?? [];
  const changed: string[] = [];
  const worse: string[] = [];
  const missed: string[] = [];
  const refuted: string[] = [];
  for (const { flow, answer } of after) {
    if (NOT_ASKED.has(flow.name)) continue;
    const became = becameOf(was.get(flow.name) ?? '', answer);
    const cell = cellOf(flow, table);
    const said = saidOf(flow, cell, told);
    if (became !== undefined)
      changed.push(`${flow.name}: ${became}, "${was.get(flow.name) ?? ''}" → "${answer}"`);
    if (cell === undefined) continue;
    const isWorse = became !== undefined && isAgainst(became, flow, cell);
    if (isWorse) worse.push(flow.name);
    if (isWorse && said === undefined && forecast.verdict !== 'unknown' && !isSingle(forecast, flow))
      missed.push(
        `${flow.name}: ${became}, "${was.get(flow.name) ?? ''}" → "${answer}"; told ${forecast.verdict}`,
      );
    if (said !== undefined && said.effect !== 'unknown' && became === undefined)
      refuted.push(`${flow.name}: told ${said.effect} ${said.reason}, packets still "${answer}"`);
  }
  return {
    changed,
    worse,
    missed,
    refuted,
    isWronglyRefused: change.harmless === true && forecast.verdict !== 'safe',
  };
}

/** Whether a change of a flow is worse: what Docker promises is cut or hidden, or anything opens that was closed. */
function isAgainst(became: 'cut' | 'opened' | 'other', { from }: Flow, { should }: PrintedCell): boolean {
  if (became === 'opened') return should === 'stopped' || (should === 'no-promise' && from === 'client');
  // Whom the asked one sees is promised to those outside alone.
  if (became === 'other') return should === 'reached' && from === 'client';
  return should === 'reached' || should === 'proxied';
}

/** What is told as of one address alone: that of the one client there is. */
const isSingle = ({ reach }: PrintedForecast, { from, address }: Flow): boolean =>
  (reach?.counts['single'] ?? 0) > 0 && (from === 'client' || address === CLIENT.ipv4);

/** What is told of a flow. Of the outside a port that a rule names is asked by itself, and every other one stands for all others. */
function saidOf(
  { port }: Flow,
  cell: PrintedCell | undefined,
  told: readonly PrintedCell[],
): PrintedCell | undefined {
  if (cell?.asked !== 'outside') return told.find((one) => isSame(one, cell));
  const own = told.find((one) => isSame({ ...one, port: null }, cell) && one.port === port);
  const isNamed = told.some((one) => one.asked === 'outside' && one.port !== null);
  return own ?? (isNamed ? undefined : told.find((one) => isSame(one, cell)));
}

const isSame = (one: PrintedCell, cell: PrintedCell | undefined): boolean =>
  cell !== undefined && KEYS.every((key) => one[key] === cell[key]);

const KEYS = [
  'family',
  'protocol',
  'from',
  'by',
  'fromNetwork',
  'asked',
  'container',
  'address',
  'port',
] as const;
