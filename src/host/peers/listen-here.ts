import {
  listenedOf,
  listenFilter,
  type Listened,
  type ListenedFlow,
} from '../../doctor/peers/probe/listened.ts';
import { startCapture } from '../doctor/tcpdump.ts';

/** Milliseconds after which it ends by itself, whoever asked. */
const LONGEST = 30_000;
/** Milliseconds in which tcpdump prints what it has captured. */
const SETTLE = 100;

/**
 * Watches this host for one probe that another sends, until the input ends. Changes nothing, and leaves nothing behind.
 *
 * @param input - what is held open by whoever sends
 * @param begin - called once tcpdump watches
 */
export async function listenHere(
  flow: ListenedFlow,
  input: NodeJS.ReadableStream,
  begin: () => void,
): Promise<Listened> {
  const none = { packets: [], others: 0 };
  const capture = await startCapture(listenFilter(flow));
  if ('unavailable' in capture) return { ...none, unavailable: capture.unavailable.slice(0, 300) };
  try {
    begin();
    await inputEnded(input);
    await new Promise((resolve) => setTimeout(resolve, SETTLE));
    const captured = await capture.stop();
    return 'unavailable' in captured
      ? { ...none, unavailable: captured.unavailable.slice(0, 300) }
      : listenedOf(captured.packets, flow);
  } finally {
    await capture.stop();
  }
}

const inputEnded = (input: NodeJS.ReadableStream): Promise<void> =>
  new Promise((resolve) => {
    const longest = setTimeout(end, LONGEST);
    function end(): void {
      clearTimeout(longest);
      input.pause();
      resolve();
    }
    input.once('end', end).once('error', end).resume();
  });
