import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';

const OTHERS_MAY_WRITE = 0o022;
/** As on /tmp: others may add files, but not delete or rename ours. */
const STICKY = 0o1000;
/** As many links as the kernel follows in one path (path_resolution(7)). */
const MAX_LINKS = 40;

/** What lets somebody else change where a path leads. */
export interface Weakness {
  /** The folder, link or file. */
  readonly path: string;
  /** The rest of a sentence that begins with the path: `belongs to uid 1000`. */
  readonly why: string;
}

/** Where a path leads, and who can change that. */
export interface JudgedPath {
  /** The path without links, as far as it exists. */
  readonly real: string;
  /** The status of the file it leads to; undefined where there is none. */
  readonly stats: Stats | undefined;
  /** Undefined where nobody but root, and the user who runs this, can change where it leads. */
  readonly weakness: Weakness | undefined;
}

/** How a path is judged. */
interface Judging {
  /** `socket`: the mode of the last part is not judged, because it lets others connect and not replace it. */
  readonly kind?: 'file' | 'socket';
  /** The root of another process, `/proc/PID/root`: no link in the path leads out of it. */
  readonly root?: string;
  /** The user whose files count like root's; when absent the user who runs this. */
  readonly uid?: number | undefined;
}

/**
 * Follows a path from `/` on, link by link, and judges each folder, each link and what it leads to: all must belong to root
 * (or to whoever runs this), and no folder may be written by others, unless it is sticky: there they can add names, but not
 * replace one of ours. An access list that lets others write shows in the group's bits of the mode (acl(5)).
 *
 * Judge only paths that exist: a path with a missing part is judged up to there, and in a sticky folder anybody may create the
 * rest. A verdict stays true, because only root can change what was judged.
 *
 * @param path - absolute, or below the current directory
 */
export function judgePath(
  path: string,
  { kind = 'file', root = '', uid = process.geteuid?.() }: Judging = {},
): JudgedPath {
  const absolute = path.startsWith('/') ? path : `${process.cwd()}/${path}`;
  const left = absolute.split('/').reverse();
  let real = '/';
  let stats: Stats | undefined;
  let weakness: Weakness | undefined;
  let links = 0;
  const blame = (at: string, why: string | undefined): void => {
    if (why !== undefined) weakness ??= { path: at, why };
  };
  try {
    stats = lstatSync(`${root}${real}`);
    blame(real, flawOf(stats, uid, true));
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      if (name === '' || name === '.') continue;
      const next = join(real, name);
      const found = lstatSync(`${root}${next}`);
      if (found.isSymbolicLink()) {
        if (found.uid !== 0 && found.uid !== uid)
          blame(next, `is a link that belongs to uid ${String(found.uid)}`);
        if (++links > MAX_LINKS)
          return { real, stats: undefined, weakness: { path, why: 'leads in a circle' } };
        const target = readlinkSync(`${root}${next}`);
        if (target.startsWith('/')) real = '/';
        left.push(...target.split('/').reverse());
        continue;
      }
      const isLast = left.every((one) => one === '' || one === '.');
      [real, stats] = [next, found];
      blame(real, flawOf(stats, uid, !isLast || kind === 'file'));
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') blame(path, `cannot be looked at (${code})`);
    stats = undefined;
  }
  return { real, stats, weakness };
}

function flawOf(stats: Stats, uid: number | undefined, judgesMode: boolean): string | undefined {
  if (stats.uid !== 0 && stats.uid !== uid) return `belongs to uid ${String(stats.uid)}`;
  if (!judgesMode || (stats.mode & OTHERS_MAY_WRITE) === 0) return undefined;
  return stats.isDirectory() && (stats.mode & STICKY) !== 0 ? undefined : 'may be written by others';
}
