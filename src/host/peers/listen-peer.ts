import { execa } from 'execa';
import { setTimeout as sleep } from 'node:timers/promises';
import { flowName, type Listened, type ListenedFlow } from '../../doctor/peers/probe/listened.ts';
import { timeCommand } from '../command/command-log.ts';
import { COMMAND_ENV } from '../command/command.ts';
import { MOST_OF_LISTENED, parseListened } from './listened-json.ts';
import { sshPeer, sshWords } from './ssh.ts';

/** The line by which the other side says that it watches. */
export const LISTENING = 'listening';
/** Milliseconds in which it must say so, and in which it must tell what it saw. */
const BEGINNING = 20_000;
const ENDING = 5000;

/** Another host that watches for one probe. */
export interface PeerListener {
  /** Ends it, and gives what it saw. */
  readonly end: () => Promise<Listened>;
}

/**
 * Has another host watch for one probe by `doctor --listen`, over ssh. It ends when its input does: whatever ends us ends it.
 *
 * @param where - `ssh://[user@]host[:port]`
 * @returns once it watches, or has said that it does not: {@link PeerListener.end} tells why
 */
export async function listenAtPeer(where: string, flow: ListenedFlow): Promise<PeerListener> {
  const words = sshWords(sshPeer(where), ['--listen', String(flow.sourcePort)], flowName(flow));
  const [file, ...args] = words;
  const logged = timeCommand(words);
  const child = execa(file, args, {
    ...{ env: COMMAND_ENV, reject: false, stdin: 'pipe', encoding: 'latin1', maxBuffer: MOST_OF_LISTENED },
  });
  void child.then(logged);
  child.stdin.on('error', () => undefined);
  const begun = new Promise<void>((resolve) => {
    let text = '';
    child.stdout.on('data', (part: Buffer | string) => {
      text += part.toString();
      if (text.startsWith(`${LISTENING}\n`)) resolve();
    });
  });
  await Promise.race([begun, child, sleep(BEGINNING, undefined, { ref: false })]);
  return {
    end: async () => {
      child.stdin.end();
      const ended = await Promise.race([child, sleep(ENDING, undefined, { ref: false })]);
      if (ended === undefined) child.kill('SIGTERM');
      const { stdout, stderr, exitCode } = ended ?? (await child);
      const listened = parseListened(stdout.slice(stdout.indexOf('\n') + 1));
      if (exitCode === 0 && listened !== undefined) return listened;
      const said = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
      const why = `doctor --listen did not tell what it saw there${said === '' ? '' : `: ${said}`}`;
      return { unavailable: why, packets: [], others: 0 };
    },
  };
}
