import type { Check, Diagnosis } from '../doctor/diagnosis.ts';
import { verboseLines } from './doctor-verbose.ts';
import {
  COLOURS,
  groundWords,
  MARKS,
  mattersOf,
  restOf,
  subjectWords,
  tallyWords,
  VERDICT_WORDS,
  verdictWords,
} from './doctor-words.ts';
import { count, printable, type Paint, type Style } from './text.ts';

/** One screen, as a terminal in a rack shows it. */
const ROWS = 24;
const COLUMNS = 100;
/** Causes that are told at length on one screen. */
const CAUSES = 3;

/** A line before it is painted, so that its width can be counted. */
interface Line {
  readonly text: string;
  readonly style?: Style;
}

/**
 * A diagnosis for people: the verdict first, then each cause with what it means, what shows it and the command that mends it,
 * then what else is worth knowing, then what was looked at.
 *
 * @param options - `verbose`: every check, the tree of bridges and containers, and every path rule by rule; else at most one
 *   screen of 24 lines at 100 columns
 */
export function doctorText(
  diagnosis: Diagnosis,
  paint: Paint,
  options: { readonly verbose: boolean },
): string {
  const about = `${subjectWords(diagnosis)}: ${verdictWords(diagnosis)}`;
  const word = VERDICT_WORDS[diagnosis.verdict];
  const ground = `(${groundWords(diagnosis)})`;
  const head = `${paint(COLOURS[diagnosis.verdict], paint('bold', word))}  ${about} ${paint('dim', ground)}`;
  const body = options.verbose
    ? verboseLines(diagnosis, paint)
    : screen(diagnosis, ROWS - rowsOf([{ text: `${word}  ${about} ${ground}` }])).map(({ text, style }) =>
        style === undefined ? text : paint(style, text),
      );
  return `${[head, ...body].join('\n')}\n`;
}

/** All below the verdict, the most that fits into `rows`: evidence gives way before causes do, causes before the rest. */
function screen(diagnosis: Diagnosis, rows: number): readonly Line[] {
  const matters = mattersOf(diagnosis);
  const rest = restOf(diagnosis).filter(({ verdict }) => verdict !== 'fail');
  const follows = restOf(diagnosis).length - rest.length;
  const summary: Line = {
    text: `${tallyWords(diagnosis)}${follows > 0 ? `; ${count(follows, 'failure')} besides, told with --verbose` : ''}`,
    style: 'dim',
  };
  const least = rowsOf([summary]) + Math.min(rest.length, 1);
  let causes: readonly Line[] = [];
  search: for (const most of [CAUSES, 2, 1])
    for (const evidence of [4, 3, 2, 1]) {
      causes = causesText(matters, most, evidence);
      if (rowsOf(causes) + least <= rows) break search;
    }
  const others = restLines(rest, rows - rowsOf(causes) - rowsOf([summary]));
  const lines = [...causes, ...spaced(others, rows - rowsOf([...causes, ...others, summary]))];
  return [...lines, ...spaced([summary], rows - rowsOf([...lines, summary]))];
}

/** With an empty line before, where there is room and something to set apart. */
const spaced = (lines: readonly Line[], free: number): readonly Line[] =>
  free > 0 && lines.length > 0 ? [{ text: '' }, ...lines] : lines;

function causesText(matters: readonly Check[], most: number, evidence: number): readonly Line[] {
  const hidden = matters.length - most;
  const noun = matters[0]?.verdict === 'unknown' ? 'thing' : 'cause';
  const more: readonly Line[] =
    hidden > 0
      ? [{ text: '' }, { text: `… and ${count(hidden, noun)} more, told with --verbose`, style: 'bold' }]
      : [];
  return [
    ...matters
      .slice(0, most)
      .flatMap((check, index) => causeLines(check, index, evidence, matters.length > 1)),
    ...more,
  ];
}

/** One line each for what is left; what does not fit is counted. */
function restLines(rest: readonly Check[], free: number): readonly Line[] {
  const shown = rest.length <= free ? rest : rest.slice(0, Math.max(free - 1, 0));
  const hidden = rest.length - shown.length;
  const word = { ok: 'ok', warn: 'warning', fail: 'failed', unknown: 'unknown' };
  return [
    ...shown.map(({ verdict, title }): Line => ({
      text: clipped(`${MARKS[verdict]} ${word[verdict]}  ${printable(title)}`, ''),
      style: COLOURS[verdict],
    })),
    ...(hidden > 0 && free > 0
      ? [{ text: `… and ${String(hidden)} more, told with --verbose`, style: 'dim' } as const]
      : []),
  ];
}

function causeLines(check: Check, index: number, most: number, numbered: boolean): readonly Line[] {
  const [remedy, ...others] = check.remedies;
  const evidence = check.evidence.slice(0, most);
  const more = check.evidence.length - evidence.length;
  const ways = others.length === 0 ? '' : ` (${count(others.length, 'other way')}: --verbose)`;
  return [
    { text: '' },
    { text: printable(`${numbered ? `${String(index + 1)}. ` : ''}${check.title}`), style: 'bold' },
    ...(check.meaning === '' ? [] : [{ text: printable(`   ${check.meaning}`) }]),
    ...evidence.map((line, at): Line => ({
      text: clipped(
        `     ${printable(line)}`,
        more > 0 && at === evidence.length - 1 ? ` … +${String(more)}` : '',
      ),
      style: 'dim',
    })),
    ...(remedy === undefined
      ? []
      : [{ text: `   ${printable(remedy.what)}${ways}${remedy.commands.length === 0 ? '' : ':'}` }]),
    // Never clipped: it is there to be copied.
    ...(remedy?.commands ?? []).map((command): Line => ({
      text: `     ${printable(command)}`,
      style: 'bold',
    })),
  ];
}

/** A line cut to the screen's width: what it begins with and what it ends with say most, of a rule above all. */
function clipped(text: string, end: string): string {
  const room = COLUMNS - end.length;
  if (text.length <= room) return `${text}${end}`;
  const tail = Math.floor(room / 4);
  return `${text.slice(0, room - tail - 3)} … ${text.slice(-tail)}${end}`;
}

/** How many rows of the screen the lines take: a long one takes several. */
const rowsOf = (lines: readonly Line[]): number =>
  lines.reduce((sum, { text }) => sum + Math.max(1, Math.ceil(text.length / COLUMNS)), 0);
