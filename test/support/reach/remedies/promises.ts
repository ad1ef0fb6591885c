import type { Check } from '../../../../src/doctor/diagnosis.ts';
import { bracketed, hostPort } from '../../../../src/net/address.ts';
import { outsiderName } from '../../../../src/reach/outsiders.ts';
import type { PrintedCell } from '../cells.ts';
import type { Judged } from '../judge.ts';
import type { CheckedEffect, DoctorAnswer, PrintedPath } from './answers.ts';

/** What a remedy promises of packets. */
export interface Promised {
  /** By the names of their packets: cells that do not fare as they are meant to. */
  readonly names: readonly string[];
  /** So many of them do afterwards. */
  readonly least: number;
  /** Ways it was asked to open, whoever closed them. */
  readonly asked: readonly PrintedCell[];
  /** It lets answers pass of whatever was let through: whom the operator lets ask may be answered. */
  readonly isForAnswers?: boolean;
}

export const NOTHING: Promised = { names: [], least: 0, asked: [] };

const allOf = (judged: readonly Judged[], asked: readonly PrintedCell[] = []): Promised => {
  const names = judged.map(({ name }) => name);
  return { names, least: names.length, asked };
};

/** What the operator's own rules decide is left to him, and nothing is promised of what nobody knows. */
export const isAmiss = ({ cell, effect }: Judged): boolean =>
  effect !== 'same' && cell.effect !== 'operator' && cell.effect !== 'unknown';

/** Of an effect of check's: as many of the cells that fare so as it counts. */
export function promisedByCheck(effect: CheckedEffect, judged: readonly Judged[]): Promised {
  const some = judged
    .filter(isAmiss)
    .filter(
      ({ cell }) =>
        cell.effect === effect.effect && cell.cause === effect.cause && effect.reasons.includes(cell.reason),
    );
  return { ...allOf(some), least: Math.min(some.length, effect.cells) };
}

/** Of a restore: all that is lost. */
export const promisedByRestore = (judged: readonly Judged[]): Promised =>
  allOf(judged.filter((one) => isAmiss(one) && one.cell.cause === 'lost'));

/**
 * Of a cause of doctor's: the paths and ways that it shows. One that shows none, such as forwarding that is off, promises that some way
 * gets better.
 */
export function promisedByDoctor(
  { code, evidence }: Check,
  { paths }: Pick<DoctorAnswer, 'paths'>,
  judged: readonly Judged[],
): Promised {
  if (code === 'rules-lost' || code === 'rules-stale' || code === 'policy-changed')
    return promisedByRestore(judged);
  const shown = evidence.flatMap((line) => /^(?:path|way): (.+)$/.exec(line)?.[1] ?? []);
  if (shown.length === 0) return { ...allOf(judged.filter(isAmiss)), least: judged.some(isAmiss) ? 1 : 0 };
  const cells = shown.flatMap((line) => {
    const name = line.replace(/ \(answer\)$/, '');
    const path = paths.find((one) => one.name === name);
    return judged.filter(({ cell }) =>
      path === undefined ? line.startsWith(wayOf(cell)) : isOnPath(cell, path),
    );
  });
  const distinct = [...new Set(cells)];
  // Of many paths that end alike a few are shown; the remedy is for all of them.
  const failing = paths.filter(({ verdict }) => verdict === 'fail');
  const meant = judged.filter(({ cell }) => failing.some((path) => isOnPath(cell, path)));
  return {
    ...allOf(
      distinct.filter(({ cell, effect }) => effect !== 'same' || cell.should === 'no-promise'),
      [...distinct, ...meant].map(({ cell }) => cell),
    ),
    isForAnswers: shown.every((line) => line.endsWith(' (answer)')),
  };
}

/** As doctor writes a way, up to where it says what became of it. */
function wayOf(cell: PrintedCell): string {
  const { from, by, source, asked, address, port, protocol, container } = cell;
  const isOutside = from === 'link' || from === 'outside';
  const asker = isOutside ? `${outsiderName(source ?? '')} by ${by ?? ''}` : (by ?? 'host');
  if (container === null) return `${asker} → ${bracketed(address)}`;
  const to = `${hostPort(address, port ?? 0)}/${protocol}`;
  return `${asker} → ${to} ${asked === 'published' ? `→ ${container}:` : `of ${container}`}`;
}

/** Whether a path that doctor followed is a cell's. */
function isOnPath(cell: PrintedCell, { kind, packet }: PrintedPath): boolean {
  const { from, by, source, address, port, protocol, container } = cell;
  if (packet.protocol !== protocol || packet.destination !== address) return false;
  if (kind !== 'outbound' && packet.destinationPort !== port) return false;
  if (kind === 'outbound' && container !== null) return false;
  if (from === 'host') return packet.inInterface === '';
  if (packet.source !== source) return false;
  const isOutside = from === 'link' || from === 'outside';
  return !isOutside || packet.inInterface === by;
}

/** Whether opening a way that was asked about opens a cell too: the same port of the same container, for the same asker. */
export const isSameWay = (cell: PrintedCell, asked: PrintedCell): boolean =>
  isSameAsker(cell, asked) &&
  cell.container === asked.container &&
  (cell.container === null ||
    (cell.protocol === asked.protocol &&
      (cell.asked === 'published' || (cell.address === asked.address && cell.port === asked.port))));

const isSameAsker = (one: PrintedCell, other: PrintedCell): boolean => {
  const isOutside = ({ from }: PrintedCell): boolean => from === 'link' || from === 'outside';
  return one.by === other.by && isOutside(one) === isOutside(other);
};
