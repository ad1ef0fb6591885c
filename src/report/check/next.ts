import { repairCommand } from '../check-text.ts';
import { takeOverCommand } from '../declared-tables-text.ts';
import { printable, type Paint } from '../text.ts';
import { isDeclared, type Finding } from '../../reconcile/finding.ts';
import type { CheckEffect } from '../../reconcile/verdict/effect.ts';
import type { CheckReport } from './report.ts';

/** Remedies on one screen. */
const MOST = 3;

/**
 * What to type next. What closes comes first: once a restore has given Docker's rules back, a rule of somebody else's that lets everything
 * in may let in more. Then the repair of what is lost.
 */
export function nextLines(report: CheckReport, paint: Paint): readonly string[] {
  const { verdict, findings } = report;
  const { state } = verdict;
  const isClosing = ({ effect, cause }: CheckEffect): boolean => effect === 'exposure' && cause !== 'lost';
  const told = [
    ...remedyLines(verdict.effects.filter(isClosing), report, paint),
    ...restoreLines(report, paint),
    ...remedyLines(
      verdict.effects.filter((effect) => !isClosing(effect)),
      report,
      paint,
    ),
  ];
  const lines =
    told.length === 0 && state !== 'intact' ? [`Next: ${paint('bold', 'rulesguard doctor')}`] : told;
  const stale =
    state !== 'damaged' && findings.some(({ kind, container }) => kind === 'stale' && container === undefined)
      ? [`The baseline is out of date. To record the current state: ${paint('bold', 'rulesguard snapshot')}`]
      : [];
  const doctor =
    state === 'intact'
      ? [
          `Packets still do not arrive? ${paint('bold', 'rulesguard doctor CONTAINER')} shows where they stop.`,
        ]
      : [];
  const all = [
    ...lines,
    ...meantLines(verdict.effects, paint),
    ...takeOverLines(findings, paint),
    ...stale,
    ...doctor,
  ];
  return all.length === 0 ? [] : ['', ...all];
}

/** A restore, or why it changes nothing. */
function restoreLines({ verdict, findings, irreparable }: CheckReport, paint: Paint): readonly string[] {
  if (!verdict.effects.some(({ cause }) => cause === 'lost')) return [];
  if (irreparable !== undefined)
    return irreparable.map((reason) => printable(`restore cannot repair this: ${reason}`));
  const command = repairCommand(findings);
  return command === undefined
    ? []
    : [`Next: ${paint('bold', `${command} --dry-run`)} shows the repair, ${paint('bold', command)} does it.`];
}

/** What repairs the rest. A rule of somebody else's that closes something may be wanted: its removal is an offer. */
function remedyLines(
  effects: readonly CheckEffect[],
  { removals }: CheckReport,
  paint: Paint,
): readonly string[] {
  const lines = effects.flatMap((effect) => {
    const { id, cause, remedy } = effect;
    const command = removals.get(id) ?? remedy;
    if (command !== undefined)
      return [`${isFilter(effect) ? 'If it is not wanted' : 'Next'}: ${paint('bold', printable(command))}`];
    return cause === 'host' || cause === 'docker' ? [`Next: ${paint('bold', 'rulesguard doctor')}`] : [];
  });
  const distinct = [...new Set(lines)];
  return [
    ...distinct.slice(0, MOST),
    ...(distinct.length > MOST
      ? [paint('dim', `  … and ${String(distinct.length - MOST)} more: --json`)]
      : []),
  ];
}

const isFilter = ({ cause, effect }: CheckEffect): boolean =>
  cause === 'overridden' && (effect === 'outage' || effect === 'degraded');

/** How a change of what is declared is said to be meant. */
function takeOverLines(findings: readonly Finding[], paint: Paint): readonly string[] {
  const declared = findings.filter(isDeclared);
  const tables = declared.flatMap(({ kind, table }) => (kind === 'declared-table' ? [table] : []));
  return [
    ...(declared.length > tables.length
      ? [`If the change in DOCKER-USER is meant: ${paint('bold', 'rulesguard snapshot --declare --yes')}`]
      : []),
    ...(tables.length > 0
      ? [`If the change of the table is meant: ${paint('bold', printable(takeOverCommand(tables)))}`]
      : []),
  ];
}

/**
 * How a rule that closes something is said to be meant. A snapshot records all that decides before Docker's rules, and is refused where
 * rules of Docker's are lost: it is named only where it takes nothing else for meant.
 */
function meantLines(effects: readonly CheckEffect[], paint: Paint): readonly string[] {
  const [first] = effects.filter(isFilter);
  if (first === undefined) return [];
  const isAll = effects.every((effect) => isFilter(effect) || effect.cause === 'host');
  const command = isAll ? 'rulesguard snapshot' : `rulesguard accept ${first.id} --reason TEXT --until DATE`;
  const tail = isAll ? ' (it counts as meant from then on)' : '';
  return [`If it is meant: ${paint('bold', command)}${tail}`];
}
