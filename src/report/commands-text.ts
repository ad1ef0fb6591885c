import { clipped, COLUMNS } from './reach/lines.ts';

/** What may be typed, one line for each command: for somebody who typed none. */
export const commandsText = (
  verbs: readonly { readonly command: string; readonly describe: string }[],
): string =>
  [
    'rulesguard COMMAND. More on each: rulesguard help COMMAND',
    ...verbs.map(({ command, describe }) =>
      clipped(`  ${(command.split(' ')[0] ?? '').padEnd(10)} ${describe}`, COLUMNS),
    ),
    '',
    '',
  ].join('\n');
