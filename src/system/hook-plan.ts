import { Fault } from '../fault.ts';
import { foldersMadeFor, isMarked, withHook, withoutHook, type HookFile } from '../hook/file.ts';
import type { Making, Target } from '../hook/target.ts';
import { TARGETS } from '../hook/targets.ts';
import { entryAt, isThere, foldersToMake, seenBelow, type Change } from './hook-files.ts';

/** Whether the manager of a target is installed below a root. */
export function isInstalled({ signs }: Target, root: string): boolean {
  return signs.some((path) => isThere(root, path));
}

/**
 * What installing a hook changes; nothing when it is in place already.
 *
 * @throws Fault RG_HOOK_FILE when something is in the way
 */
export function planInstall(target: Target, making: Making, root: string): readonly Change[] {
  const files = target.files(seenBelow(root), making);
  const ours = foldersOfHooks(root);
  // A link holds no mark, so the file beside it remembers the folders made for both.
  const forLinks = files.flatMap(({ kind, path }) =>
    kind === 'link' ? foldersToMake(root, path, ours) : [],
  );
  return files
    .map((file) => changeFor(target.name, file, root, { forLinks, ours }))
    .filter(({ now, next }) => JSON.stringify(now) !== JSON.stringify(next));
}

/** Folders that hooks which are in place were made with. */
function foldersOfHooks(root: string): ReadonlySet<string> {
  const { read } = seenBelow(root);
  const places = TARGETS.flatMap((target) => target.places);
  return new Set(places.flatMap((path) => foldersMadeFor(read(path)?.content ?? '')));
}

interface Folders {
  /** Those to make for links. */
  readonly forLinks: readonly string[];
  /** Those that hooks made. */
  readonly ours: ReadonlySet<string>;
}

function changeFor(name: string, file: HookFile, root: string, { forLinks, ours }: Folders): Change {
  const { path } = file;
  const now = entryAt(root, path);
  const folders = foldersToMake(root, path, ours);
  if (file.kind === 'link') {
    if (now === undefined || ('to' in now && now.to === file.to))
      return { path, now, next: { to: file.to }, folders };
    throw inTheWay(path, 'something else is in its place');
  }
  if (now !== undefined && 'to' in now) throw inTheWay(path, `it is a link to ${now.to}`);
  const made = file.kind === 'own' ? [...folders, ...forLinks] : folders;
  return { path, now, next: withHook(name, file, now, made), folders };
}

/** What taking a hook out changes; nothing when there is none. */
export function planRemoval({ places }: Target, root: string): readonly Change[] {
  return places.toReversed().flatMap((path): readonly Change[] => {
    const now = entryAt(root, path);
    if (now === undefined) return [];
    // Of a path that is ours by its name.
    if ('to' in now) return path.includes('rulesguard') ? [{ path, now, next: undefined, folders: [] }] : [];
    if (!isMarked(now.content)) return [];
    return [{ path, now, next: withoutHook(now), folders: foldersMadeFor(now.content) }];
  });
}

/** How much of a hook is there. `changed`: not as it would be written now. */
export type HookState = 'in place' | 'partly' | 'changed' | 'absent';

/** Looks how much of a target's hook is there. */
export function hookState(target: Target, making: Making, root: string): HookState {
  const there = planRemoval(target, root).length;
  if (there === 0) return 'absent';
  try {
    const changes = planInstall(target, making, root);
    if (changes.some(({ now }) => now !== undefined && ('to' in now || isMarked(now.content))))
      return 'changed';
    return changes.length === 0 ? 'in place' : 'partly';
  } catch (error) {
    if (error instanceof Fault) return 'changed';
    throw error;
  }
}

function inTheWay(path: string, reason: string): Fault {
  return new Fault('RG_HOOK_FILE', 3, `no hook was put into ${path}: ${reason}`, {
    hint: `Look at it: ls -l ${path}. Then move it out of the way.`,
  });
}
