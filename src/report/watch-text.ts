import type { WatchEvent, WatchEventKind } from '../watch/event.ts';
import type { Author, SeenProcess } from '../watch/seen.ts';
import { printable, type Paint, type Style } from './text.ts';

const STYLES: Readonly<Partial<Record<WatchEventKind, Style>>> = {
  damage: 'red',
  'not-repaired': 'red',
  fight: 'red',
  failed: 'red',
  repaired: 'green',
  ended: 'green',
  host: 'yellow',
  paused: 'yellow',
};

/** How many effects of one event are named. */
const MOST_EFFECTS = 5;

/** Events as `rulesguard log` prints them, the oldest first. */
export const eventsText = (events: readonly WatchEvent[], paint: Paint): string =>
  events.map((event) => eventText(event, paint)).join('');

/** One event: when and what, then what differs, who changed rules, and how long it took. */
function eventText(event: WatchEvent, paint: Paint): string {
  const { at, kind, says, effects = [], by = [], repair } = event;
  const style = STYLES[kind];
  const word = kind.toUpperCase().replace('-', ' ');
  const head = `${at.slice(0, 19).replace('T', ' ')}Z  ${style === undefined ? word : paint(style, word)}  ${printable(says)}`;
  const named = effects
    .slice(0, MOST_EFFECTS)
    .map(({ effect, headline }) => `${effect}: ${printable(headline)}`);
  const more = effects.length > MOST_EFFECTS ? [`and ${String(effects.length - MOST_EFFECTS)} more`] : [];
  const times = timesText(event);
  const lines = [
    ...(effects.length > 1 ? [...named, ...more] : []),
    ...by.map((author) => `by ${authorText(author)}`),
    ...(times === undefined ? [] : [times]),
    ...(repair === undefined || repair.journal.length === 0
      ? []
      : [`journal ${repair.journal.map(printable).join(', ')}`]),
  ];
  return [head, ...lines.map((line) => `    ${line}`)].join('\n').concat('\n');
}

function timesText({ kind, lasted, repair }: WatchEvent): string | undefined {
  if (lasted === undefined) return undefined;
  if (kind === 'damage') return `found after ${milliseconds(lasted)}`;
  const whole = `lasted ${milliseconds(lasted)}`;
  return repair === undefined
    ? whole
    : `${whole}: found after ${milliseconds(repair.toDetect)}, repaired ${milliseconds(repair.toRepair)} later`;
}

const milliseconds = (time: number): string =>
  time < 10_000 ? `${String(Math.round(time))} ms` : `${String(Math.round(time / 1000))} s`;

/** Who changed rules, in one line: the program, what started it, and from where. */
function authorText(author: Author): string {
  const { parents, terminal, unit, login, container, unknown } = author;
  const [parent] = parents;
  const where = [
    ...(parent === undefined ? [] : [`started by ${processText(parent)}`]),
    ...(login === undefined ? [] : [`login ${printable(login)}`]),
    ...(terminal === undefined ? [] : [printable(terminal)]),
    ...(unit === undefined ? [] : [printable(unit)]),
    ...(container === undefined ? [] : [`in container ${printable(container.slice(0, 12))}`]),
    ...(unknown === undefined ? [] : [printable(unknown)]),
  ];
  return [processText(author), ...where].join(', ');
}

const processText = ({ pid, name, command }: SeenProcess): string =>
  command.length === 0
    ? `${printable(name)} (pid ${String(pid)})`
    : `${printable(command.join(' '))} (${printable(name)}, pid ${String(pid)})`;

/** An event in one line of a log. */
export function eventLine({ kind, says, by = [] }: WatchEvent): string {
  const authors = by.length === 0 ? '' : `; by ${by.map(authorText).join('; by ')}`;
  return printable(`${kind}: ${says}${authors}`);
}
