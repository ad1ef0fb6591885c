import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { timeCommand } from '../command/command-log.ts';
import { COMMAND_ENV } from '../command/command.ts';
import { which } from '../command/which.ts';

/** A tcpdump that watches this namespace. */
export interface PacketCapture {
  /** Ends it and gives what it printed; or why packets are missing. A second call returns the same. */
  readonly stop: () => Promise<CaptureResult>;
}

/** What it saw; a packet that is not in it was not there. */
export type CaptureResult = { readonly packets: string } | { readonly unavailable: string };

/** Packets after which it ends by itself: a filter that lets in others' packets must not fill our memory. */
const MOST_PACKETS = 2000;
/** Bytes of each packet, enough for its ports: the kernel's buffer holds seven packets of the usual length. */
const LENGTH = 160;
/** Milliseconds to wait for it to begin, and to end. */
const START = 1000;
const END = 400;

/**
 * Runs a command until its own standard input ends, then ends it. We hold the other end: whatever ends us, SIGKILL
 * included, ends the pipe. tcpdump itself never reads its input. The trap keeps the shell for its last line when
 * Ctrl-C reaches all of the terminal's processes.
 */
const UNTIL_INPUT_ENDS = 'trap : INT TERM HUP; "$@" & cat >/dev/null; kill $! 2>/dev/null; wait $!';

/**
 * Starts tcpdump on all interfaces of this namespace at once. `any` rather than one for each interface: it never sets an
 * interface promiscuous, which would be a change of it, and it names the interface of each packet.
 *
 * @param filter - a pcap expression; nothing is captured when it is empty
 * @returns why it does not capture, in one line, if it does not
 */
export async function startCapture(
  filter: string,
): Promise<PacketCapture | { readonly unavailable: string }> {
  const tcpdump = await which('tcpdump', COMMAND_ENV.PATH);
  if (tcpdump === undefined)
    return { unavailable: 'tcpdump is not installed: judged by answers and the counters of rules alone' };
  const bounds = ['--immediate-mode', '-s', String(LENGTH), '-c', String(MOST_PACKETS)];
  const command = [tcpdump, '-i', 'any', '-n', '-t', '-l', '-q', '-p', ...bounds, filter];
  const logged = timeCommand(command);
  const child = execa('sh', ['-c', UNTIL_INPUT_ENDS, 'sh', ...command], {
    env: COMMAND_ENV,
    reject: false,
    stdin: 'pipe',
    stripFinalNewline: false,
  });
  void child.then(logged);
  child.stdin.on('error', () => undefined);
  const end = async (): Promise<CaptureResult> => {
    child.stdin.end();
    const ended = await Promise.race([child, sleep(END)]);
    // A second signal ends the shell's wait, should the first not have been enough for tcpdump.
    if (ended === undefined) child.kill('SIGTERM');
    const { stdout, stderr } = ended ?? (await child);
    const missed = Number(/^(\d+) packets? dropped by kernel/m.exec(stderr)?.[1] ?? '0');
    const captured = Number(/^(\d+) packets? captured/m.exec(stderr)?.[1] ?? '0');
    if (missed === 0 && captured < MOST_PACKETS) return { packets: stdout };
    return { unavailable: 'tcpdump missed packets, so that a packet it did not capture proves nothing' };
  };
  let ended: Promise<CaptureResult> | undefined;
  const stop = (): Promise<CaptureResult> => (ended ??= end());
  const first = await Promise.race([listening(child.stderr), child.then(() => 'ended'), sleep(START)]);
  if (first === 'listening') return { stop };
  await stop();
  const why = (await child).stderr.trim().split('\n').at(-1) ?? '';
  return { unavailable: `tcpdump does not capture${why === '' ? '' : `: ${why}`}` };
}

/** It prints that line once its filter is in place; what is sent before is not captured. */
function listening(stderr: NodeJS.ReadableStream): Promise<'listening'> {
  return new Promise((resolve) => {
    let text = '';
    stderr.on('data', (part: Buffer) => {
      text += part.toString('latin1');
      if (/^listening on /m.test(text)) resolve('listening');
    });
  });
}
