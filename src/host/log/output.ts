import { fstatSync, writeSync } from 'node:fs';

/** Standard output and standard error, by their descriptors. */
export const STDOUT = 1;
export const STDERR = 2;
type Channel = typeof STDOUT | typeof STDERR;

/** Why something could not be written, by channel; a reader that has gone is not an error. */
const troubles = new Map<Channel, string>();

/**
 * Makes write errors of the two streams harmless: a full disk, a closed descriptor or a reader that has gone must not end a
 * repair. By default Node ends a process whose standard error cannot be written (an unhandled `error` event).
 */
export function guardStreams(): void {
  process.stdout.on('error', (error: unknown) => {
    note(STDOUT, error);
  });
  process.stderr.on('error', (error: unknown) => {
    note(STDERR, error);
  });
}

/**
 * Writes all of it, or notes why that is not possible. Never throws.
 *
 * @param text - as the stream wants it: UTF-8, or one character a byte
 */
export function put(channel: Channel, text: string, encoding: 'utf8' | 'latin1' = 'utf8'): void {
  // Once something is missing nothing more is written: the rest would read as if it were complete.
  if (channel === STDOUT && troubles.has(channel)) return;
  try {
    if (isFile(channel)) writeWhole(channel, Buffer.from(text, encoding));
    else (channel === STDOUT ? process.stdout : process.stderr).write(text, encoding);
  } catch (error) {
    note(channel, error);
  }
}

/** Why standard output is incomplete; undefined when it is complete, or when its reader left. */
export function lostOutput(): string | undefined {
  return troubles.get(STDOUT);
}

/** A pipe whose reader ended, a terminal that was closed: nobody misses the output. */
const GONE: ReadonlySet<unknown> = new Set(['EPIPE', 'ECONNRESET', 'EIO']);

function note(channel: Channel, error: unknown): void {
  const { code, message } = error as NodeJS.ErrnoException;
  if (GONE.has(code) && !isFile(channel)) return;
  if (!troubles.has(channel)) troubles.set(channel, message);
}

/** Node writes to files, /dev/null and the like in one call, and on a nearly full disk takes a partial write for a complete one. */
function isFile(channel: Channel): boolean {
  try {
    const stats = fstatSync(channel);
    if (stats.isFile()) return true;
    return stats.isCharacterDevice() && !(channel === STDOUT ? process.stdout : process.stderr).isTTY;
  } catch {
    return false;
  }
}

function writeWhole(channel: Channel, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(channel, bytes, at);
}
