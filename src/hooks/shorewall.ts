import { callScript, scriptCommand, scriptPath } from './call.ts';
import type { BlockFile } from './file.ts';
import type { Target } from './target.ts';

const FOLDERS = ['/etc/shorewall', '/etc/shorewall6'];

/**
 * Extension scripts, which Shorewall compiles into its own program as functions: `init` runs before a start, reload or
 * restore, `stop` before a stop; the others when the rules are in (Shorewall 5.2.8).
 */
const EXTENSIONS = [
  ['init', 'pre'],
  ['stop', 'pre'],
  ['started', 'post'],
  ['restored', 'post'],
  ['stopped', 'post'],
  ['clear', 'post'],
] as const;

/** A function's `return` skips what comes after it, so before comes first and after last. */
function extension(folder: string, [name, phase]: (typeof EXTENSIONS)[number]): BlockFile {
  return {
    kind: 'block',
    path: `${folder}/${name}`,
    place: phase === 'pre' ? 'top' : 'end',
    runs: false,
    fresh: { content: '', mode: 0o644 },
    lines: [`${scriptCommand('shorewall', phase)} || :`],
  };
}

export const SHOREWALL: Target = {
  name: 'shorewall',
  about: 'extension scripts of shorewall and shorewall6: around start, reload, restore, stop and clear',
  signs: FOLDERS.map((folder) => `${folder}/${folder.slice('/etc/'.length)}.conf`),
  places: [
    scriptPath('shorewall'),
    ...FOLDERS.flatMap((folder) => EXTENSIONS.map(([name]) => `${folder}/${name}`)),
  ],
  files: (seen, { program }) => {
    const there = FOLDERS.filter((folder) => seen.list(folder).length > 0);
    const wanted = there.length === 0 ? FOLDERS.slice(0, 1) : there;
    return [
      callScript('shorewall', program),
      ...wanted.flatMap((folder) => EXTENSIONS.map((one) => extension(folder, one))),
    ];
  },
  note: 'Shorewall compiles extension scripts in: these fire from the next `shorewall reload` on.',
};
