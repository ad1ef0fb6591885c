import type { Check, Diagnosis } from '../../doctor/diagnosis.ts';
import { verboseLines } from './verbose.ts';
import {
  COLOURS,
  basisWords,
  MARKS,
  mattersOf,
  restOf,
  subjectWords,
  tallyWords,
  VERDICT_WORDS,
  verdictWords,
} from './words.ts';
import { count, printable, type Paint, type Style } from '../text.ts';

/** One screen, as a console without a window shows it. */
const ROWS = 24;
const COLUMNS = 80;
/** Causes that are shown at length on one screen. */
const CAUSES = 3;

/** A line before it is painted, so that its width can be counted. */
interface ScreenLine {
  readonly text: string;
  readonly style?: Style;
}

/**
 * A diagnosis for people: the verdict first, then each cause with what it means, what shows it and the command that repairs it,
 * then what else is worth knowing, then how much was judged.
 *
 * @param options - `verbose`: every check, the tree of bridges and containers, and every path rule by rule; else at most one
 *   screen of 24 lines at 80 columns
 */
export function doctorText(
  diagnosis: Diagnosis,
  paint: Paint,
  options: { readonly verbose: boolean },
): string {
  const about = `${subjectWords(diagnosis)}: ${verdictWords(diagnosis)}`;
  const word = VERDICT_WORDS[diagnosis.verdict];
  const basis = `(${basisWords(diagnosis)})`;
  const head = `${paint(COLOURS[diagnosis.verdict], paint('bold', word))}  ${about} ${paint('dim', basis)}`;
  const body = options.verbose
    ? verboseLines(diagnosis, paint)
    : screen(diagnosis, ROWS - rowsOf([{ text: `${word}  ${about} ${basis}` }])).map(({ text, style }) =>
        style === undefined ? text : paint(style, text),
      );
  return `${[head, ...body].join('\n')}\n`;
}

/** All below the verdict, the most that fits into `rows`: evidence gives way before causes do, causes before the rest. */
function screen(diagnosis: Diagnosis, rows: number): readonly ScreenLine[] {
  const matters = mattersOf(diagnosis);
  const rest = restOf(diagnosis).filter(({ verdict }) => verdict !== 'fail');
  const follows = restOf(diagnosis).length - rest.length;
  const summary: ScreenLine = {
    text: `${tallyWords(diagnosis)}${follows > 0 ? `; ${count(follows, 'more failure')}: --verbose` : ''}`,
    style: 'dim',
  };
  // The tally stands apart from what is above it.
  const least = rowsOf([summary]) + 1 + (rest.length === 0 ? 0 : 1 + rowsOf(restLines(rest, 3)));
  let causes: readonly ScreenLine[] = [];
  search: for (const most of [CAUSES, 2, 1])
    for (const evidence of [4, 3, 2, 1]) {
      causes = causesText(matters, most, evidence);
      if (rowsOf(causes) + least <= rows) break search;
    }
  const others = leftLines(matters, rest, rows - rowsOf(causes) - rowsOf([summary]) - 2);
  const lines = [...causes, ...spaced(others, rows - rowsOf([...causes, ...others, summary]))];
  return [...lines, ...spaced([summary], rows - rowsOf([...lines, summary]))];
}

/** With an empty line before, where there is room and something to set apart. */
const spaced = (lines: readonly ScreenLine[], free: number): readonly ScreenLine[] =>
  free > 0 && lines.length > 0 ? [{ text: '' }, ...lines] : lines;

function causesText(matters: readonly Check[], most: number, evidence: number): readonly ScreenLine[] {
  const hidden = matters.length - most;
  const noun = matters[0]?.verdict === 'unknown' ? 'thing' : 'cause';
  const more: readonly ScreenLine[] =
    hidden > 0
      ? [{ text: '' }, { text: `… and ${count(hidden, `more ${noun}`)}: --verbose`, style: 'bold' }]
      : [];
  return [
    ...matters
      .slice(0, most)
      .flatMap((check, index) => causeLines(check, index, evidence, matters.length > 1)),
    ...more,
  ];
}

/** What is left: at length where nothing else is shown and there is room, else one line each. */
function leftLines(matters: readonly Check[], rest: readonly Check[], free: number): readonly ScreenLine[] {
  if (matters.length > 0) return restLines(rest, free);
  const all = rest.flatMap((check) => {
    const title = `${MARKS[check.verdict]} ${REST_WORDS[check.verdict]}  ${check.title}`;
    return causeLines({ ...check, title }, 0, 2, false).slice(1);
  });
  return rowsOf(all) <= free ? all : restLines(rest, free);
}

/** What is left, one line each; what does not fit is counted. */
function restLines(rest: readonly Check[], free: number): readonly ScreenLine[] {
  const all = rest.map(({ verdict, title }) =>
    wrapped(`${MARKS[verdict]} ${REST_WORDS[verdict]}  ${printable(title)}`, '           ', COLOURS[verdict]),
  );
  const fitting = (room: number): number => {
    let used = 0;
    const first = all.findIndex((lines) => (used += lines.length) > room);
    return first === -1 ? all.length : first;
  };
  if (fitting(free) === all.length) return all.flat();
  const shown = fitting(free - 1);
  const hidden = all.length - shown;
  return [
    ...all.slice(0, shown).flat(),
    ...(free > 0 ? [{ text: `… and ${String(hidden)} more: --verbose`, style: 'dim' } as const] : []),
  ];
}

const REST_WORDS = { ok: 'ok', warn: 'warning', fail: 'failed', unknown: 'unknown' } as const;

/** A sentence on as many lines as it takes, broken between words: what is cut in its middle is misread. */
function wrapped(text: string, indent: string, style?: Style): readonly ScreenLine[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    if (line !== '' && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => (style === undefined ? { text: one } : { text: one, style }));
}

function causeLines(check: Check, index: number, most: number, numbered: boolean): readonly ScreenLine[] {
  const [remedy, ...others] = check.remedies;
  const evidence = check.evidence.filter((line) => !COUNTED.test(line));
  const shown = evidence.slice(0, most);
  // What a check itself leaves out counts too: of 24 rules it shows the first few.
  const more = hiddenIn(check.evidence) + evidence.length - shown.length;
  const ways = others.length === 0 ? '' : ` (${count(others.length, 'other way')}: --verbose)`;
  return [
    { text: '' },
    ...wrapped(printable(`${numbered ? `${String(index + 1)}. ` : ''}${check.title}`), '   ', 'bold'),
    ...(check.meaning === '' ? [] : wrapped(printable(`   ${check.meaning}`), '   ')),
    ...shown.map((line, at): ScreenLine => ({
      text: clipped(
        `     ${printable(line)}`,
        more > 0 && at === shown.length - 1 ? ` … and ${String(more)} more` : '',
      ),
      style: 'dim',
    })),
    ...(remedy === undefined
      ? []
      : wrapped(`   ${printable(remedy.what)}${ways}${remedy.commands.length === 0 ? '' : ':'}`, '   ')),
    // Never clipped: it is there to be copied.
    ...(remedy?.commands ?? []).map((command): ScreenLine => ({
      text: `     ${printable(command)}`,
      style: 'bold',
    })),
  ];
}

/** The line of a check that says how much it does not list. */
const COUNTED = /^… and (\d+) more/;

const hiddenIn = (evidence: readonly string[]): number =>
  evidence.reduce((sum, line) => sum + Number(COUNTED.exec(line)?.[1] ?? 0), 0);

/** A line cut to the screen's width: what it begins with and what it ends with say most, of a rule above all. */
function clipped(text: string, end: string): string {
  const room = COLUMNS - end.length;
  if (text.length <= room) return `${text}${end}`;
  const tail = Math.floor(room / 4);
  return `${text.slice(0, room - tail - 3)} … ${text.slice(-tail)}${end}`;
}

/** How many rows of the screen the lines take: a long one takes several. */
const rowsOf = (lines: readonly ScreenLine[]): number =>
  lines.reduce((sum, { text }) => sum + Math.max(1, Math.ceil(text.length / COLUMNS)), 0);
