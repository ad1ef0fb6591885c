import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { COMMAND_ENV } from '../command.ts';
import { which } from '../which.ts';

/** A tcpdump that watches this namespace. */
export interface Watch {
  /** Ends it and gives what it printed; or why that is not all there was to see. A second time it says the same. */
  readonly stop: () => Promise<Watched>;
}

/** What it saw; a packet that is not in it was not there. */
export type Watched = { readonly packets: string } | { readonly untold: string };

/** Packets after which it ends by itself: a filter that lets in others' packets must not fill our memory. */
const MOST_PACKETS = 2000;
/** Bytes of each packet, enough for its ports: the kernel's buffer holds seven packets of the usual length. */
const LENGTH = 160;
/** Milliseconds to wait for it to begin, and to end. */
const START = 1000;
const END = 400;

/**
 * Runs a command until its own standard input ends, then ends it. We hold the other end: whatever ends us, SIGKILL
 * included, ends the pipe. tcpdump itself never looks at its input. The trap keeps the shell for its last line when
 * Ctrl-C reaches all of the terminal's processes.
 */
const UNTIL_INPUT_ENDS = 'trap : INT TERM HUP; "$@" & cat >/dev/null; kill $! 2>/dev/null; wait $!';

/**
 * Starts tcpdump on all interfaces of this namespace at once. `any` rather than one for each interface: it never sets an
 * interface promiscuous, which would be a change of it, and it says by itself where a packet passes.
 *
 * @param filter - in pcap's words; nothing is watched when it is empty
 * @returns why it does not watch, in one line, if it does not
 */
export async function watch(filter: string): Promise<Watch | { readonly untold: string }> {
  const tcpdump = await which('tcpdump', COMMAND_ENV.PATH);
  if (tcpdump === undefined)
    return { untold: 'tcpdump is not installed: judged by answers and the counters of rules alone' };
  const bounds = ['--immediate-mode', '-s', String(LENGTH), '-c', String(MOST_PACKETS)];
  const words = [tcpdump, '-i', 'any', '-n', '-t', '-l', '-q', '-p', ...bounds, filter];
  const child = execa('sh', ['-c', UNTIL_INPUT_ENDS, 'sh', ...words], {
    env: COMMAND_ENV,
    reject: false,
    stdin: 'pipe',
    stripFinalNewline: false,
  });
  child.stdin.on('error', () => undefined);
  const end = async (): Promise<Watched> => {
    child.stdin.end();
    const ended = await Promise.race([child, sleep(END)]);
    // A second signal ends the shell's wait, should the first not have been enough for tcpdump.
    if (ended === undefined) child.kill('SIGTERM');
    const { stdout, stderr } = ended ?? (await child);
    const missed = Number(/^(\d+) packets? dropped by kernel/m.exec(stderr)?.[1] ?? '0');
    const captured = Number(/^(\d+) packets? captured/m.exec(stderr)?.[1] ?? '0');
    if (missed === 0 && captured < MOST_PACKETS) return { packets: stdout };
    return { untold: 'tcpdump missed packets, so that nothing can be said by what it did not see' };
  };
  let ended: Promise<Watched> | undefined;
  const stop = (): Promise<Watched> => (ended ??= end());
  const said = await Promise.race([listening(child.stderr), child.then(() => 'ended'), sleep(START)]);
  if (said === 'listening') return { stop };
  await stop();
  const why = (await child).stderr.trim().split('\n').at(-1) ?? '';
  return { untold: `tcpdump does not watch${why === '' ? '' : `: ${why}`}` };
}

/** It says so once its filter is in place; what is sent before is not seen. */
function listening(stderr: NodeJS.ReadableStream): Promise<'listening'> {
  return new Promise((resolve) => {
    let text = '';
    stderr.on('data', (part: Buffer) => {
      text += part.toString('latin1');
      if (/^listening on /m.test(text)) resolve('listening');
    });
  });
}
