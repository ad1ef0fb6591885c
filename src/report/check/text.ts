import { isBroken, isIdle, type Finding } from '../../reconcile/finding.ts';
import { rowsOf } from '../check-text.ts';
import { clipped, COLUMNS, listed } from '../reach/lines.ts';
import { age, count, printable, type Paint, type Style } from '../text.ts';
import type { CheckEffect } from '../../reconcile/verdict/effect.ts';
import type { CellCounts, CheckState, HostVerdict } from '../../reconcile/verdict/verdict.ts';
import type { CheckDetail, CheckReport } from './report.ts';
import { nextLines } from './next.ts';
import { whyLines } from './why.ts';
import { effectWords } from './words.ts';

const HEADS: Readonly<Record<CheckState, readonly [string, Style]>> = {
  intact: ['INTACT', 'green'],
  damaged: ['DAMAGED', 'red'],
  overridden: ['OVERRIDDEN', 'red'],
  unknown: ['CANNOT TELL', 'yellow'],
};

const STYLES: Readonly<Record<CheckEffect['effect'], Style>> = {
  ...{ outage: 'red', exposure: 'red', degraded: 'yellow', unknown: 'yellow', notice: 'yellow' },
};

/** Effects on one screen of 24 lines, two lines each. */
const EFFECTS = 6;
const NOTICES = 5;

/** A check for people: the verdict, what it means for packets, why, and the next command. One screen of 24 lines at 80 columns. */
export function checkText(report: CheckReport, paint: Paint, detail: CheckDetail): string {
  const { verdict, findings } = report;
  const lines = [
    headLine(report, paint),
    ...effectLines(verdict.effects, paint, detail),
    ...whyLines(report, paint),
    ...(detail === 'screen' ? [] : ruleLines(findings.filter(isBroken), 'RULES', paint, Infinity)),
    ...noticeLines(report, paint, detail),
    ...nextLines(report, paint),
  ];
  return `${lines.join('\n')}\n`;
}

/** The verdict and its effects, each on one line, for a screen that shows more than this. */
export function checkSummary(report: CheckReport, paint: Paint): readonly string[] {
  const { effects } = report.verdict;
  const hidden = effects.length - EFFECTS;
  return [
    headLine(report, paint),
    ...effects.slice(0, EFFECTS).flatMap((effect) => oneEffect(effect, paint, 'screen').slice(0, 1)),
    ...(hidden > 0 ? [`… and ${count(hidden, 'more effect')}`] : []),
    ...(effects.length > 0
      ? [`Next: ${paint('bold', 'rulesguard check')} says why, and what repairs it.`]
      : []),
  ];
}

function headLine(report: CheckReport, paint: Paint): string {
  const { verdict, head } = report;
  const [word, style] = HEADS[verdict.state];
  const about = [
    head.baseline === undefined
      ? 'no baseline'
      : `baseline ${head.baseline.id}, ${age(head.baseline.ageSeconds)} old`,
    head.engine === undefined ? 'Engine not asked' : `Engine ${printable(head.engine)}`,
    head.firewallBackend?.startsWith('nftables') === true ? 'nftables' : head.variant,
  ].join(', ');
  return `${paint(style, paint('bold', word))}  ${headWords(verdict, wholeWords(report))} (${about})`;
}

const wholeWords = ({ head: { rules }, findings }: CheckReport): string =>
  findings.some(isIdle)
    ? "all rules of Docker's that decide about packets are in place"
    : `all ${count(rules, 'rule')} of Docker's are in place`;

function headWords({ state, effects, cells, accepted }: HostVerdict, whole: string): string {
  switch (state) {
    case 'intact':
      if (accepted.length > 0) return `${whole}, and nothing is wrong but what was accepted`;
      return cells === undefined ? whole : `${whole}, and packets get where ${whoMeans(cells)}`;
    case 'damaged':
      return tallyWords(effects);
    case 'overridden':
      return `${tallyWords(effects)}, though ${whole}`;
    case 'unknown':
      return `${whole}, but what packets do is not known`;
  }
}

const whoMeans = ({ closedByOperator, openedByOperator }: CellCounts): string =>
  closedByOperator + openedByOperator === 0
    ? 'Docker means them to'
    : 'Docker and rules of your own mean them to';

/** `4 outages, 1 exposure`: a degraded way is an outage by its severity. */
function tallyWords(effects: readonly CheckEffect[]): string {
  const number = (...which: readonly CheckEffect['effect'][]): number =>
    effects.filter(({ effect }) => which.includes(effect)).length;
  return (
    (
      [
        [number('outage', 'degraded'), 'outage'],
        [number('exposure'), 'exposure'],
        [number('notice'), 'notice'],
      ] as const
    )
      .filter(([found]) => found > 0)
      .map(([found, noun]) => count(found, noun))
      .join(', ') || 'rules are lost, and what packets do is not known'
  );
}

function effectLines(effects: readonly CheckEffect[], paint: Paint, detail: CheckDetail): readonly string[] {
  const shown = detail === 'all' ? effects : effects.slice(0, EFFECTS);
  const hidden = effects.length - shown.length;
  return [
    ...shown.flatMap((effect) => oneEffect(effect, paint, detail)),
    ...(hidden > 0 ? [paint('bold', `… and ${count(hidden, 'more effect')}: --all`)] : []),
  ];
}

function oneEffect(effect: CheckEffect, paint: Paint, detail: CheckDetail): readonly string[] {
  const { effect: kind, id, expired, cause } = effect;
  const { headline, names, reasons } = effectWords(effect);
  const label = cause === 'unread' ? '' : `${kind.toUpperCase()}  `;
  const told = printable(`${label}${headline}`);
  const first = detail === 'all' ? allNames(told, names) : listed(told, names);
  const why = reasons.map(printable);
  const lines = detail === 'all' ? why : firstOf(why, id);
  return [
    paint(STYLES[kind], first),
    ...(lines.length === 0 && id !== '' ? [paint('dim', `  ${id}`)] : []),
    ...lines.map((line, i) => paint('dim', `  ${id === '' ? '' : (i === 0 ? id : '      ') + '  '}${line}`)),
    ...(expired === undefined
      ? []
      : [paint('dim', printable(`          was accepted until ${expired.until}: ${expired.reason}`))]),
  ];
}

const allNames = (told: string, names: readonly string[]): string =>
  names.length === 0 || told.includes(names[0] ?? '') ? told : `${told}: ${names.map(printable).join(', ')}`;

function firstOf(why: readonly string[], id: string): readonly string[] {
  const [line, ...others] = why;
  if (line === undefined) return [];
  const more = others.length === 0 ? '' : ` … and ${String(others.length)} more`;
  return [`${clipped(line, COLUMNS - id.length - 4 - more.length)}${more}`];
}

/** Rules under a heading, those of one place and kind together. */
function ruleLines(
  findings: readonly Finding[],
  heading: string,
  paint: Paint,
  most: number,
): readonly string[] {
  if (findings.length === 0) return [];
  const hidden = findings.length - most;
  return [
    '',
    paint('bold', heading),
    ...rowsOf(findings.slice(0, Math.min(most, findings.length)), paint),
    ...(hidden > 0 ? [paint('dim', `  … and ${String(hidden)} more: --rules`)] : []),
  ];
}

/** What is neither damage nor an effect: obsolete, left over, not decided. */
function noticeLines(
  { findings, verdict }: CheckReport,
  paint: Paint,
  detail: CheckDetail,
): readonly string[] {
  const notices = findings.filter((finding) => !isBroken(finding));
  if (notices.length === 0) return [];
  const isCrowded = verdict.effects.length > 0 && detail === 'screen';
  if (isCrowded) return [`${count(notices.length, 'notice')} about rules: --rules lists them`];
  return ruleLines(notices, paint('yellow', 'NOTICE'), paint, detail === 'screen' ? NOTICES : Infinity);
}
