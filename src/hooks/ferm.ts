import { callScript, scriptCommand, scriptPath } from './call.ts';
import type { HookFile } from './file.ts';
import type { Target } from './target.ts';

const CONFIG = '/etc/ferm/ferm.conf';
const INCLUDED = '/etc/ferm/ferm.d/rulesguard.ferm';

/** As Debian's ferm.conf ends; ferm then reads every file of the folder. */
const INCLUDES = /^\s*@include\s+["']?(?:\/etc\/ferm\/)?ferm\.d\/["']?\s*;/m;

/** `ferm --flush` runs neither pre nor post hooks, but those of flush (ferm 2.5.1). */
const LINES = (
  [
    ['pre', 'pre'],
    ['post', 'post'],
    ['flush', 'post'],
  ] as const
).map(([position, phase]) => `@hook ${position} "${scriptCommand('ferm', phase)}";`);

export const FERM: Target = {
  name: 'ferm',
  about: '@hook lines: around start and reload, and after a flush',
  signs: ['/usr/sbin/ferm', CONFIG],
  places: [scriptPath('ferm'), INCLUDED, CONFIG],
  files: (seen, { program }): readonly HookFile[] => {
    const included = INCLUDES.test(seen.read(CONFIG)?.content ?? '');
    return [
      callScript('ferm', program),
      included
        ? { kind: 'own', path: INCLUDED, mode: 0o644, lines: LINES }
        : {
            kind: 'block',
            path: CONFIG,
            place: 'end',
            runs: false,
            fresh: { content: '', mode: 0o644 },
            lines: LINES,
          },
    ];
  },
};
