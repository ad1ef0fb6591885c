import { callLines, type Call } from './call.ts';
import type { BlockFile, FileState } from './file.ts';

const FRESH: FileState = { content: '#!/bin/sh\n', mode: 0o750 };

/**
 * A block in a shell program that a manager runs before (`pre`) or after (`post`) its work. It stands at the top, where no
 * `exit` of the program can skip it; `post` then waits for the program's end.
 *
 * @param when - a `case` pattern for the program's first argument; any argument when absent
 */
export function shellFile(path: string, call: Call, when?: string, more: readonly string[] = []): BlockFile {
  const body =
    call.phase === 'pre'
      ? [...callLines(call), ...more]
      : ['rulesguard_post() {', ...callLines(call), '}', 'trap rulesguard_post EXIT'];
  return {
    kind: 'block',
    path,
    place: 'top',
    runs: true,
    fresh: FRESH,
    lines: when === undefined ? body : ['case "$1" in', `${when})`, ...body, ';;', 'esac'],
  };
}
