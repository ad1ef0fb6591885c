import { writeAtomically } from '../files/files.ts';

/** Changes that come together are written together: milliseconds. */
const TOGETHER = 500;

/** A file of metrics for node-exporter. */
export interface Textfile {
  /** Something changed: it is written soon. */
  readonly changed: () => void;
  /** Writes it once more, and then no longer. */
  readonly stop: () => Promise<void>;
}

/**
 * Keeps a file of metrics: a reader sees the whole of it, and everybody may read it, as node-exporter is not root.
 *
 * @param text - the metrics, asked when they are written
 * @param onState - why it could not be written; undefined once it could
 */
export function textfile(
  path: string,
  text: () => Promise<string>,
  onState: (why: string | undefined) => void,
): Textfile {
  let timer: NodeJS.Timeout | undefined;
  let last = Promise.resolve();
  let isStopped = false;
  const owner = { mode: 0o644, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const write = (): void => {
    timer = undefined;
    last = last.then(async () => {
      try {
        await writeAtomically(path, await text(), { like: owner, durable: false });
        onState(undefined);
      } catch (error) {
        onState(error instanceof Error ? error.message : String(error));
      }
    });
  };
  return {
    changed: () => {
      if (!isStopped) timer ??= setTimeout(write, TOGETHER).unref();
    },
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      write();
      await last;
    },
  };
}
