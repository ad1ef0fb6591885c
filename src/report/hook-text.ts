import { createTwoFilesPatch } from 'diff';
import { printable } from './text.ts';

/** A file or link as it is or will be; undefined when it is not there. */
export type Entry = { readonly content: string; readonly mode: number } | { readonly to: string } | undefined;

const modeOf = (mode: number): string => mode.toString(8).padStart(4, '0');

/** One change of a hook as people read it: the path with what happens to it, then the content or the difference. */
export function changeText(path: string, now: Entry, next: Entry): string {
  if (next === undefined) return `delete ${path}\n`;
  if ('to' in next) return `write  ${path} -> ${next.to}\n`;
  const lines = (text: string): string => text.split('\n').map(printable).join('\n');
  if (now === undefined || 'to' in now) {
    const body = lines(next.content).replace(/\n$/, '').replaceAll(/^/gm, '  ');
    return `write  ${path} (${modeOf(next.mode)})\n${body}\n`;
  }
  const mode = now.mode === next.mode ? modeOf(now.mode) : `${modeOf(now.mode)} → ${modeOf(next.mode)}`;
  const patch = createTwoFilesPatch('now', 'then', lines(now.content), lines(next.content), '', '', {
    context: 2,
  });
  return `change ${path} (${mode})\n${patch.replace(/^=+\n/, '').replaceAll(/^/gm, '  ').trimEnd()}\n`;
}
