import { clipped, COLUMNS } from './reach/lines.ts';

const INDENT = 13;

/** As many of its clauses as fit in the line: half a sentence says less than its first half. */
function shortened(describe: string): string {
  const room = COLUMNS - INDENT;
  const ends = [...describe.matchAll(/[,:] /g)].map(({ index }) => index).filter((end) => end <= room);
  const end = ends.at(-1);
  return describe.length <= room || end === undefined ? clipped(describe, room) : describe.slice(0, end);
}

/** What may be typed, one line for each command: for somebody who typed none. */
export const commandsText = (
  verbs: readonly { readonly command: string; readonly describe: string }[],
): string =>
  [
    'rulesguard COMMAND. More on each: rulesguard help COMMAND',
    ...verbs.map(({ command, describe }) => {
      const [name = ''] = command.split(' ');
      return `${`  ${name}`.padEnd(INDENT)}${shortened(describe)}`;
    }),
    '',
    '',
  ].join('\n');
