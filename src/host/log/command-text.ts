import { printable } from '../../printable.ts';
import { sh } from '../../shell.ts';
import type { CommandEnd } from '../command/command-log.ts';

/** Characters of an argument that are shown: our scripts have thousands. */
const SHOWN = 200;

/** A command that was run, in one line of the log: what was run, how it ended, how long it took. */
export function commandText({ words, end, milliseconds }: CommandEnd): string {
  return `ran ${words.map(wordText).join(' ')} (${end}, ${String(milliseconds)} ms)`;
}

/** An argument as it would be typed in a shell, in one line and not too long. */
function wordText(word: string): string {
  const [first = '', ...more] = word.split('\n');
  const shown = first.slice(0, SHOWN);
  const rest = more.length > 0 || shown.length < first.length ? '…' : '';
  return sh`${printable(shown)}` + rest;
}
