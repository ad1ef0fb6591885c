import { Fault } from '../fault.ts';
import { programIn, type Program } from './call.ts';
import type { Fired } from './fired.ts';
import { foldersMadeFor, isMarked, withHook, withoutHook, type FileState, type HookFile } from './file.ts';
import type { Making, SeenFiles, Target } from './target.ts';
import { TARGETS } from './targets.ts';

/** A symbolic link as it lies on the disk. */
export interface LinkState {
  readonly to: string;
}

/** The files of a host, as far as planning has to look at them. Paths are the host's own, absolute. */
export interface FileTree extends SeenFiles {
  /** Whether anything lies there, a dangling link too. */
  readonly isThere: (path: string) => boolean;
  /** What lies at a path that a hook wants: a link is not followed. @throws Fault RG_HOOK_FILE for no plain file */
  readonly entryAt: (path: string) => FileState | LinkState | undefined;
}

/** What is to become of one path of a hook. */
export interface FileChange {
  /** The path as the host it is for sees it: without the prefix of `--root`. */
  readonly path: string;
  readonly now: FileState | LinkState | undefined;
  readonly next: FileState | LinkState | undefined;
  /** Folders to make for it, or to take away after it if they are empty; the deepest first. */
  readonly folders: readonly string[];
}

/** Whether the manager of a target is installed. */
export function isInstalled({ signs }: Target, { isThere }: FileTree): boolean {
  return signs.some((path) => isThere(path));
}

/**
 * What installing a hook changes; nothing when it is in place already.
 *
 * @throws Fault RG_HOOK_FILE when something is in the way
 */
export function planInstall(target: Target, making: Making, tree: FileTree): readonly FileChange[] {
  const files = target.files(tree, making);
  const ours = foldersOfHooks(tree);
  // A link holds no mark, so the file beside it remembers the folders made for both.
  const forLinks = files.flatMap(({ kind, path }) =>
    kind === 'link' ? foldersToMake(tree, path, ours) : [],
  );
  return files
    .map((file) => changeFor(target.name, file, tree, { forLinks, ours }))
    .filter(({ now, next }) => JSON.stringify(now) !== JSON.stringify(next));
}

/** Folders that hooks which are in place were made with. */
function foldersOfHooks({ read }: FileTree): ReadonlySet<string> {
  const places = TARGETS.flatMap((target) => target.places);
  return new Set(places.flatMap((path) => foldersMadeFor(read(path)?.content ?? '')));
}

interface Folders {
  /** Those to make for links. */
  readonly forLinks: readonly string[];
  /** Those that hooks made. */
  readonly ours: ReadonlySet<string>;
}

/**
 * The folders to make for a path, the deepest first. One that another hook made counts even though it is there: the last
 * hook that leaves it takes it along.
 */
function foldersToMake(tree: FileTree, path: string, ours: ReadonlySet<string>): readonly string[] {
  const folder = path.slice(0, path.lastIndexOf('/'));
  if (folder === '' || (tree.isThere(folder) && !ours.has(folder))) return [];
  return [folder, ...foldersToMake(tree, folder, ours)];
}

function changeFor(name: string, file: HookFile, tree: FileTree, { forLinks, ours }: Folders): FileChange {
  const { path } = file;
  const now = tree.entryAt(path);
  const folders = foldersToMake(tree, path, ours);
  if (file.kind === 'link') {
    if (now === undefined) return { path, now, next: { to: file.to }, folders };
    if ('to' in now && [file.to, ...(file.same ?? [])].includes(now.to))
      return { path, now, next: now, folders };
    throw inTheWay(path, 'something else is in its place');
  }
  if (now !== undefined && 'to' in now) throw inTheWay(path, `it is a link to ${now.to}`);
  const made = file.kind === 'own' ? [...folders, ...forLinks] : folders;
  return { path, now, next: withHook(name, file, now, made), folders };
}

/** What taking a hook out changes; nothing when there is none. */
export function planRemoval({ places }: Target, { entryAt }: FileTree): readonly FileChange[] {
  return places.toReversed().flatMap((path): readonly FileChange[] => {
    const now = entryAt(path);
    if (now === undefined) return [];
    // Of a path that is ours by its name.
    if ('to' in now) return path.includes('rulesguard') ? [{ path, now, next: undefined, folders: [] }] : [];
    if (!isMarked(now.content)) return [];
    return [{ path, now, next: withoutHook(now), folders: foldersMadeFor(now.content) }];
  });
}

/** How much of a hook is there. `changed`: not as it would be written now. */
export type HookState = 'in place' | 'partly' | 'changed' | 'absent';

/** How a target's hook is. */
export interface HookStatus {
  readonly target: Target;
  /** Whether the firewall manager is there. */
  readonly installed: boolean;
  readonly hook: HookState;
  /** Why the program that the hook runs cannot run; undefined when it can, and where that cannot be tried. */
  readonly trouble: string | undefined;
  /** What became of its last run. */
  readonly fired: Fired | undefined;
  /** How long ago that was, in seconds; undefined when it never ran. */
  readonly ranSecondsAgo: number | undefined;
}

/** Says how much of a target's hook is there, whether or not it was asked to refuse `flush-all`. */
export function hookState(target: Target, program: Program, tree: FileTree): HookState {
  const [plain, vetoing] = [false, true].map((vetoFlushAll) =>
    stateAs(target, { program, vetoFlushAll }, tree),
  );
  return vetoing === 'in place' ? vetoing : (plain ?? 'absent');
}

function stateAs(target: Target, making: Making, tree: FileTree): HookState {
  const there = planRemoval(target, tree).length;
  if (there === 0) return 'absent';
  try {
    const changes = planInstall(target, making, tree);
    if (changes.some(({ now }) => now !== undefined && ('to' in now || isMarked(now.content))))
      return 'changed';
    return changes.length === 0 ? 'in place' : 'partly';
  } catch (error) {
    if (error instanceof Fault) return 'changed';
    throw error;
  }
}

/** The program that an installed hook runs; undefined where there is no hook. */
export function installedProgram({ places }: Target, { read }: FileTree): Program | undefined {
  for (const path of places) {
    const { content } = read(path) ?? { content: '' };
    const program = isMarked(content) ? programIn(content) : undefined;
    if (program !== undefined) return program;
  }
  return undefined;
}

function inTheWay(path: string, reason: string): Fault {
  return new Fault('RG_HOOK_FILE', 3, `no hook was put into ${path}: ${reason}`, {
    hint: `Look at it: ls -l ${path}. Then move it out of the way.`,
  });
}
