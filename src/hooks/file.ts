import { Fault } from '../fault.ts';

/** A file as it lies on the disk. Content is latin1: one character a byte. */
export interface FileState {
  readonly content: string;
  /** Permission bits, as `chmod` takes them. */
  readonly mode: number;
}

/** A file that is ours alone. */
export interface OwnFile {
  readonly kind: 'own';
  readonly path: string;
  readonly mode: number;
  /** The line before the mark, for a program. */
  readonly shebang?: string;
  readonly lines: readonly string[];
}

/** A marked block in a file that may be somebody else's. */
export interface BlockFile {
  readonly kind: 'block';
  readonly path: string;
  readonly place: 'top' | 'end';
  readonly lines: readonly string[];
  /** Whether the manager runs the file as a program (then it must be executable) or reads it. */
  readonly runs: boolean;
  /** What a file that was not there holds around the block. */
  readonly fresh: FileState;
}

/** A symbolic link of ours. */
export interface LinkFile {
  readonly kind: 'link';
  readonly path: string;
  readonly to: string;
  /** Other names of what it leads to, for a link that somebody else made. */
  readonly same?: readonly string[];
}

/** One thing an installed hook consists of. */
export type HookFile = OwnFile | BlockFile | LinkFile;

/** What a mark remembers of the time before: with it, taking the hook out leaves no trace. */
interface Before {
  /** Mode of the file; `absent` when there was none, `ours` when it is ours alone. */
  readonly was: number | 'absent' | 'ours';
  /** Folders that were made for it, the deepest first. */
  readonly made: readonly string[];
}

const BEGIN = '# >>> rulesguard hook';
const END = '# <<< rulesguard hook';
const WRITTEN_BY = 'Written by `rulesguard hook install`; `rulesguard hook remove` takes it out again.';

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

function beginLine(target: string, { was, made }: Before): string {
  const facts = [`was=${typeof was === 'number' ? octal(was) : was}`, ...made.map((path) => `made=${path}`)];
  return `${BEGIN} ${target} >>> ${facts.join(' ')}`;
}

function beforeOf(line: string): Before {
  const words = line.split(' ');
  const was = words.find((word) => word.startsWith('was='))?.slice('was='.length);
  const made = words.flatMap((word) => (word.startsWith('made=') ? [word.slice('made='.length)] : []));
  const mode = Number.parseInt(was ?? '', 8);
  return { was: Number.isNaN(mode) ? (was === 'ours' ? 'ours' : 'absent') : mode, made };
}

/** A mark of ours in a file, and what is around it. */
interface Marked {
  readonly before: Before;
  /** The lines outside the mark. */
  readonly rest: readonly string[];
}

/** Finds the mark; undefined when there is none. A mark that was never closed reaches to the end of the file. */
function findMark(content: string): Marked | undefined {
  const lines = content.split('\n');
  const begin = lines.findIndex((line) => line.startsWith(`${BEGIN} `));
  if (begin === -1) return undefined;
  const length = lines.slice(begin).findIndex((line) => line.startsWith(`${END} `));
  const after = length === -1 ? [] : lines.slice(begin + length + 1);
  return { before: beforeOf(lines[begin] ?? ''), rest: [...lines.slice(0, begin), ...after] };
}

/** Whether a file holds a hook of ours. */
export const isMarked = (content: string): boolean => findMark(content) !== undefined;

/** Folders that were made for a hook, the deepest first. */
export const foldersMadeFor = (content: string): readonly string[] => findMark(content)?.before.made ?? [];

/** Whoever may read it may run it; root in any case. */
const executable = (mode: number): number => mode | ((mode & 0o444) >> 2) | 0o100;

/**
 * A file with the hook in it. Done a second time it changes nothing.
 *
 * @param target - the hook's target, for the mark
 * @param now - the file as it is; undefined when there is none
 * @param made - folders that have to be made for it, the deepest first
 * @throws Fault RG_HOOK_FILE when a file that is not ours is in the way, or cannot hold the hook
 */
export function withHook(
  target: string,
  file: OwnFile | BlockFile,
  now: FileState | undefined,
  made: readonly string[] = [],
): FileState {
  const mark = now === undefined ? undefined : findMark(now.content);
  if (file.kind === 'own') {
    if (now !== undefined && mark === undefined) throw inTheWay(file.path, 'it is not ours');
    const begin = beginLine(target, { was: 'ours', made: mark?.before.made ?? made });
    const head = [...(file.shebang === undefined ? [] : [file.shebang]), begin, `# ${WRITTEN_BY}`];
    return {
      content: `${[...head, ...file.lines, `${END} ${target} <<<`].join('\n')}\n`,
      mode: file.mode,
    };
  }
  const before: Before = mark?.before ?? { was: now?.mode ?? 'absent', made };
  const rest = mark?.rest ?? (now ?? file.fresh).content.split('\n');
  if (file.runs) refuseOtherShell(file.path, rest[0] ?? '');
  const block = [
    beginLine(target, before),
    `# ${WRITTEN_BY}`,
    ...file.lines,
    ...(file.runs && isInert(before) ? ASLEEP : []),
    `${END} ${target} <<<`,
  ];
  const content = rest.toSpliced(placeIn(rest, file.place), 0, ...block).join('\n');
  // Whoever changed the mode since had a reason, as long as it can be run.
  if (mark !== undefined && now !== undefined && (!file.runs || (now.mode & 0o100) !== 0))
    return { content, mode: now.mode };
  const mode = typeof before.was === 'number' ? before.was : file.fresh.mode;
  return { content, mode: file.runs ? executable(mode) : mode };
}

/** A file without the hook: as it was before, or undefined when there was none. */
export function withoutHook(now: FileState): FileState | undefined {
  const mark = findMark(now.content);
  if (mark === undefined) return now;
  const { was } = mark.before;
  if (was === 'ours') return undefined;
  const content = mark.rest.join('\n');
  if (was === 'absent') return /^(?:#!.*\n)?$/.test(content) ? undefined : { content, mode: now.mode };
  return { content, mode: now.mode === executable(was) ? was : now.mode };
}

/** At the top, a program's own `exit` further down cannot skip it. */
function placeIn(lines: readonly string[], place: BlockFile['place']): number {
  if (place === 'top') return lines[0]?.startsWith('#!') === true ? 1 : 0;
  return lines.at(-1) === '' ? lines.length - 1 : lines.length;
}

/** A program that nobody could run: Debian ships ufw's that way. What it holds must not come to life with our hook. */
const isInert = ({ was }: Before): boolean => typeof was === 'number' && (was & 0o111) === 0;

const ASLEEP = [
  '# What follows was not executable before this hook came, so it stays without effect: delete this `exit` to have it run.',
  'exit 0',
];

function refuseOtherShell(path: string, first: string): void {
  const [, shell] = /^#!\s*(?:\S*\/env\s+)?\S*?([^/\s]+)(?:\s|$)/.exec(first) ?? [];
  if (shell === undefined || /^(?:sh|dash|bash|ash|ksh|busybox)$/.test(shell)) return;
  throw inTheWay(path, `it is a program for ${shell}, and the hook is for a shell`);
}

function inTheWay(path: string, reason: string): Fault {
  return new Fault('RG_HOOK_FILE', 3, `no hook was put into ${path}: ${reason}`, {
    hint: `Look at it: ls -l ${path}. Then move it out of the way, or put the calls in by hand: rulesguard hook pre, rulesguard hook post`,
  });
}
