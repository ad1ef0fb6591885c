import type { HookHost } from '../../../src/app/hooks/hook-host.ts';
import type { Fired } from '../../../src/hooks/fired.ts';
import type { FileState } from '../../../src/hooks/file.ts';
import type { LinkState } from '../../../src/hooks/plan.ts';

/** A host in memory whose files hooks are put into. */
export interface MemoryHookHost extends HookHost {
  /** Every file and link by its path. */
  readonly files: Map<string, FileState | LinkState>;
  /** What was asked of systemd, and what was written or forgotten, in that order. */
  readonly done: string[];
  /** Programs that were tried. */
  readonly tried: string[];
}

interface HookSurroundings {
  readonly systemd?: boolean;
  readonly isThisHost?: boolean;
  /** Why programs cannot run. */
  readonly trouble?: string;
  readonly othersProgram?: boolean;
  readonly fired?: Fired;
  readonly path?: string;
}

/** Makes a host of files: text of a mode 0644, or the file itself. */
export function hookHost(
  given: Readonly<Record<string, string | FileState>>,
  around: HookSurroundings = {},
): MemoryHookHost {
  const files = new Map<string, FileState | LinkState>(
    Object.entries(given).map(([path, file]) => [
      path,
      typeof file === 'string' ? { content: file, mode: 0o644 } : file,
    ]),
  );
  const [done, tried]: [string[], string[]] = [[], []];
  const isThere = (path: string): boolean =>
    [...files.keys()].some((known) => known === path || known.startsWith(`${path}/`));
  return {
    files,
    done,
    tried,
    tree: {
      isThere,
      entryAt: (path) => files.get(path),
      read: (path) => {
        const found = files.get(path);
        return found === undefined || 'to' in found ? undefined : found;
      },
      list: (folder) =>
        [...files.keys()]
          .filter((path) => path.startsWith(`${folder}/`))
          .map((path) => path.slice(folder.length + 1).replace(/\/.*/, ''))
          .sort(),
    },
    now: () => Date.parse('2026-06-01T12:00:00Z'),
    isThisHost: around.isThisHost ?? true,
    program: { path: around.path ?? '/usr/local/bin/rulesguard', nodeFolder: '/opt/node/bin' },
    tryProgram: ({ path }) => {
      tried.push(path);
      return Promise.resolve(around.trouble);
    },
    belongsToOthers: () => around.othersProgram === true,
    write: (changes) => {
      for (const { path, next } of changes) {
        done.push(`${next === undefined ? 'delete' : 'write'} ${path}`);
        if (next === undefined) files.delete(path);
        else files.set(path, next);
      }
      return Promise.resolve();
    },
    systemdRuns: () => around.systemd ?? true,
    systemctl: (...words) => {
      done.push(words.join(' '));
      return Promise.resolve(undefined);
    },
    readFired: () => Promise.resolve(around.fired),
    forgetFired: (target) => {
      done.push(`forget ${target}`);
      return Promise.resolve();
    },
  };
}
