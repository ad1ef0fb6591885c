import { fstatSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';

/** All of standard input, as latin1: one character a byte. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

/** What is known of a standard input before a command is given it. */
export interface Input {
  /** What has come so far, latin1. */
  readonly text: string;
  /** Whether that is all. If not, more may come, or somebody sits there. */
  readonly ends: boolean;
  /** Gives a command all of it, what comes later included; absent where the command can have ours as it is. */
  readonly feed?: (stdin: Writable) => void;
}

/** How long a pipe is listened to, in milliseconds. `echo y |` has said all by then; ssh's is silent for ever. */
const PATIENCE = 300;
/** Bytes after which a pipe is known not to end soon: `yes |`. */
const ENOUGH = 65_536;

/**
 * Looks at our standard input for a command that is to be run twice, rehearsed and then done: both must read the same.
 */
export async function peekStdin(): Promise<Input> {
  const kind = stdinKind();
  if (kind === 'terminal') return { text: '', ends: false };
  if (kind === 'none') return { text: '', ends: true };
  if (kind === 'file') return whole(readFileSync(0));
  const chunks: Buffer[] = [];
  const { stdin } = process;
  const ended = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
    }, PATIENCE);
    let length = 0;
    stdin.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= ENOUGH) resolve(false);
    });
    stdin.once('end', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
  stdin.pause();
  stdin.removeAllListeners('data');
  const text = Buffer.concat(chunks);
  if (ended) return whole(text);
  return {
    text: text.toString('latin1'),
    ends: false,
    feed: (target) => {
      target.write(text);
      stdin.pipe(target);
    },
  };
}

/** Lets go of our standard input, so that a pipe that never ends does not keep us. */
export function leaveStdin(): void {
  process.stdin.unpipe();
  process.stdin.destroy();
}

const whole = (bytes: Buffer): Input => ({
  text: bytes.toString('latin1'),
  ends: true,
  feed: (target) => {
    target.end(bytes);
  },
});

function stdinKind(): 'terminal' | 'file' | 'pipe' | 'none' {
  try {
    if (process.stdin.isTTY) return 'terminal';
    const stats = fstatSync(0);
    if (stats.isFile()) return 'file';
    return stats.isFIFO() || stats.isSocket() ? 'pipe' : 'none';
  } catch {
    // Closed.
    return 'none';
  }
}
