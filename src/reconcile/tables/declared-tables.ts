import { isSameTable, meantLines, type DeclaredTable } from '../../firewall/nftables/text/declared-table.ts';
import type { Family } from '../../net/family.ts';
import type { Finding } from '../finding.ts';

/** A declared table beside the live one: both as nft lists them. */
export interface HeldTable extends DeclaredTable {
  /** Undefined where there is none. */
  readonly live: string | undefined;
}

/** How a live table differs from the declared one. `lost`: only by what it lacks, as after a flush; `changed`: it also holds what is not declared. */
export type HeldState = 'whole' | 'missing' | 'lost' | 'changed';

/** Compares a declared table with the live one. */
export function heldState({ text, live }: HeldTable): HeldState {
  if (live === undefined) return 'missing';
  if (isSameTable(text, live)) return 'whole';
  const declared = meantLines(text);
  let at = 0;
  for (const line of meantLines(live)) {
    const next = declared.indexOf(line, at);
    if (next === -1) return 'changed';
    at = next + 1;
  }
  return 'lost';
}

/** The family that a finding about a table is told for: one of both, or of neither, is told once. */
export const familyOfTable = (table: string): Family => (table.startsWith('ip6 ') ? 'ipv6' : 'ipv4');

/** The declared tables that a restore writes. @param changed - whether one that somebody changed is put back too */
export const heldToWrite = (
  held: readonly HeldTable[] = [],
  changed: 'restore' | 'leave' = 'leave',
): readonly HeldTable[] =>
  held.filter((one) => {
    const state = heldState(one);
    return state !== 'whole' && (state !== 'changed' || changed === 'restore');
  });

/** Whether a table closes something: what is lost of it stands open. */
const closes = (text: string): boolean => meantLines(text).some((line) => /\b(?:drop|reject)\b/.test(line));

const CONSEQUENCES = {
  missing: 'is gone',
  lost: 'has lost rules',
  changed: 'is not as declared',
} as const;

/** What does not hold of declared tables. */
export const declaredTableFindings = (held: readonly HeldTable[]): readonly Finding[] =>
  held.flatMap((one) => {
    const state = heldState(one);
    if (state === 'whole') return [];
    const isClosing = closes(one.text);
    return [
      {
        ...{ kind: 'declared-table', severity: isClosing ? 'exposure' : 'outage' },
        ...{ family: familyOfTable(one.table), table: one.table, chain: '' },
        consequence: `the declared table ${one.table} ${CONSEQUENCES[state]}${isClosing ? ': what it closes may stand open' : ''}`,
      } satisfies Finding,
    ];
  });
