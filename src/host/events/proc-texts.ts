import {
  MOST_COMMAND,
  MOST_PARENT_COMMAND,
  MOST_PARENTS,
  parentFrom,
  type AuthorEvidence,
  type ProcTexts,
} from '../../watch/author.ts';
import { closeSync, openSync, readSync } from 'node:fs';

const buffer = Buffer.alloc(MOST_COMMAND);

/** The beginning of a file of /proc, latin1; '' where it is not there. */
function beginningOf(path: string, most: number): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return buffer.toString('latin1', 0, readSync(file, buffer, 0, most, 0));
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Looks at the process that an event names, and its parents, now. */
export function lookAtAuthor({ pid, name }: { readonly pid: number; readonly name: string }): AuthorEvidence {
  const own = textsOf(pid, MOST_COMMAND);
  if (own === undefined) return { pid, name, found: undefined, parents: [] };
  const [status, cgroup, loginuid] = (['status', 'cgroup', 'loginuid'] as const).map((file) =>
    beginningOf(`/proc/${String(pid)}/${file}`, MOST_COMMAND),
  );
  const parents: ProcTexts[] = [];
  for (let last = own; parents.length < MOST_PARENTS;) {
    const parent = parentFrom(last.stat) ?? 0;
    const texts = parent > 1 ? textsOf(parent, MOST_PARENT_COMMAND) : undefined;
    if (texts === undefined) break;
    parents.push(texts);
    last = texts;
  }
  const found = { ...own, status: status ?? '', cgroup: cgroup ?? '', loginuid: loginuid ?? '' };
  return { pid, name, found, parents };
}

function textsOf(pid: number, most: number): ProcTexts | undefined {
  const stat = beginningOf(`/proc/${String(pid)}/stat`, MOST_COMMAND);
  return stat === '' ? undefined : { pid, stat, cmdline: beginningOf(`/proc/${String(pid)}/cmdline`, most) };
}
