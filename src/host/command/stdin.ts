import { fstatSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { Fault } from '../../fault.ts';
import { MOST_BYTES } from '../files/bounded.ts';

/**
 * All of standard input, as latin1: one character a byte.
 *
 * @throws Fault RG_REFUSED_INPUT (exit 3) for more than 64 MiB: a device has no end
 */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > MOST_BYTES)
      throw new Fault('RG_REFUSED_INPUT', 3, `standard input is larger than ${String(MOST_BYTES)} bytes`, {
        hint: 'iptables-save | rulesguard strip --output /etc/iptables/rules.v4',
      });
  }
  return Buffer.concat(chunks).toString('latin1');
}

/** What is known of standard input before the command gets it. */
export interface Input {
  /** What has come so far, latin1. */
  readonly text: string;
  /** Whether that is all. If not, more may come, or a person is typing. */
  readonly ends: boolean;
  /** Gives a command all of it, including what comes later; absent where the command can inherit ours. */
  readonly feed?: (stdin: Writable) => void;
}

/** How long a pipe is read, in milliseconds. `echo y |` has ended by then; ssh's never sends anything. */
const PATIENCE = 300;
/** Bytes after which a pipe is assumed not to end: `yes |`. */
const ENOUGH = 65_536;

/**
 * Reads our standard input for a command that runs twice, in the rehearsal and for real: both must read the same.
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

/** Releases our standard input, so that a pipe that never ends does not keep the process alive. */
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
