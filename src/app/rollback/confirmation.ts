import { Fault } from '../../fault.ts';
import type { Pending } from '../../host/pending/read.ts';
import type { PendingHost } from './ports.ts';
import { secondsLeft } from './records.ts';
import type { RolledBack, Trying } from './rollback.ts';

/** A signal at the prompt: Ctrl-C is an answer, SIGTERM only ends the asking. */
export type PromptSignal = 'interrupted' | 'ended';

/** What became of a change that waited. `gone`: its record is not there any more, and nobody confirmed it. */
export type Settled = 'confirmed' | 'rolled-back' | 'failed' | 'gone';

/** What happens while a change waits to be confirmed. */
export type ConfirmEvent =
  /** The change was made, and what came after it failed: it waits all the same. */
  | { readonly kind: 'trouble'; readonly fault: Fault }
  /** The time was over, or the change rolled back, before the command had ended: it was rolled back again. */
  | { readonly kind: 'late'; readonly wasRolledBack: boolean; readonly outcome: RolledBack['outcome'] }
  /** `extended: false`: the disk took no later time, so it counts from before the command. */
  | { readonly kind: 'asked'; readonly pending: Pending; readonly extended: boolean }
  /** What was typed is no answer. */
  | { readonly kind: 'not-understood' }
  | { readonly kind: 'not-confirmed'; readonly reason: string }
  | { readonly kind: 'rolling-back' }
  /** `ended`: it waits on. */
  | { readonly kind: 'settled'; readonly as: Settled | 'ended'; readonly pending: Pending };

/** A change whose time to confirm begins again. */
export interface GivenTime {
  /** As it is now: it may have been confirmed or rolled back meanwhile. Undefined when its record is gone. */
  readonly pending: Pending | undefined;
  /** False where the later time could not be written (a full disk): it counts from before the command. */
  readonly extended: boolean;
}

/** What a change that waits is confirmed and rolled back with. */
export interface ConfirmHost extends Pick<PendingHost, 'uptime'> {
  /** Records all that is in force and starts the timer. @throws Fault RG_PENDING */
  readonly arm: (seconds: number, what: string) => Promise<Pending>;
  /** Counts the time from now. */
  readonly giveTime: (armed: Pending) => Promise<GivenTime>;
  /** @throws Fault RG_PENDING when it is too late */
  readonly confirm: (id: string) => Promise<unknown>;
  readonly rollBack: (id: string, trying?: Trying) => Promise<RolledBack>;
  /** Resolves when the change was settled, by whomever; where the timer is dead it does the timer's work. */
  readonly awaitSettled: (id: string, stop: AbortSignal) => Promise<Settled>;
  /** Calls with each line typed at the terminal, if there is one; returns what ends that. */
  readonly readLines: (typed: (line: string) => void) => () => void;
  /** Calls on Ctrl-C and SIGTERM, which end nothing until what it returns is called. */
  readonly onSignals: (handle: (signal: PromptSignal) => void) => () => void;
}

/** Exit codes as a shell gives them for SIGINT and SIGTERM. */
const INTERRUPTED = 130;
const ENDED = 143;

/** Whether a change's time was over, or it was being rolled back, when it was read. */
const isOver = (pending: Pending, host: ConfirmHost): boolean =>
  pending.state === 'waiting' ? secondsLeft(pending, host) <= 0 : pending.state !== 'confirmed';

/**
 * Makes a change and waits until it is confirmed or rolled back. From the start on Ctrl-C is an answer too: what was begun
 * must not end without a message.
 *
 * @param armed - the change's record; its timer runs
 * @param make - makes the change; returns the command's own exit code. While it runs, signals are the command's
 * @returns that when the change was confirmed; 1, after Ctrl-C 130, when it was rolled back; 143 when it waits on
 */
export async function withConfirmation(
  armed: Pending,
  make: () => Promise<number>,
  host: ConfirmHost,
  emit: (event: ConfirmEvent) => void,
): Promise<number> {
  let atPrompt = false;
  let handle: (signal: PromptSignal) => void = () => undefined;
  const signalled = new Promise<PromptSignal>((resolve) => (handle = resolve));
  const stop = host.onSignals((signal) => {
    if (atPrompt) handle(signal);
  });
  try {
    const exit = await made(make, emit);
    atPrompt = true;
    const { pending, extended } = await host.giveTime(armed);
    if (pending !== undefined && isOver(pending, host)) {
      const { outcome } = await host.rollBack(armed.id, { again: true });
      emit({ kind: 'late', wasRolledBack: pending.state !== 'waiting', outcome });
      return 1;
    }
    if (pending?.state === 'waiting') emit({ kind: 'asked', pending, extended });
    const { as, isInterrupted } = await awaitAnswer(armed.id, signalled, host, emit);
    emit({ kind: 'settled', as, pending: pending ?? armed });
    if (as === 'confirmed') return exit;
    if (as === 'ended') return ENDED;
    return isInterrupted && as === 'rolled-back' ? INTERRUPTED : 1;
  } finally {
    stop();
  }
}

/** A change that was made, and could not be looked at afterwards, waits all the same. */
async function made(make: () => Promise<number>, emit: (event: ConfirmEvent) => void): Promise<number> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    emit({ kind: 'trouble', fault: error });
    return error.exit;
  }
}

interface Answer {
  readonly as: Settled | 'ended';
  readonly isInterrupted: boolean;
}

/** On a terminal `y` confirms, `n` rolls back at once, as Ctrl-C does. Else rolling back is the timer's work. */
async function awaitAnswer(
  id: string,
  signalled: Promise<PromptSignal>,
  host: ConfirmHost,
  emit: (event: ConfirmEvent) => void,
): Promise<Answer> {
  let confirming: Promise<unknown> = Promise.resolve();
  let refuse: () => void = () => undefined;
  const refused = new Promise<'refused'>((resolve) => {
    refuse = () => {
      resolve('refused');
    };
  });
  const confirm = (): Promise<unknown> =>
    host.confirm(id).catch((error: unknown) => {
      // Too late or already done: whoever settled it says so.
      if (error instanceof Fault && error.code === 'RG_PENDING') return;
      emit({ kind: 'not-confirmed', reason: error instanceof Error ? error.message : String(error) });
    });
  const stopReading = host.readLines((line) => {
    const answer = line.trim();
    if (/^no?$/i.test(answer)) refuse();
    else if (/^y(?:es)?$/i.test(answer)) confirming = confirm();
    else if (answer !== '') emit({ kind: 'not-understood' });
  });
  const stop = new AbortController();
  try {
    const first = await Promise.race([host.awaitSettled(id, stop.signal), refused, signalled]);
    await confirming;
    if (first !== 'refused' && first !== 'interrupted') return { as: first, isInterrupted: false };
    emit({ kind: 'rolling-back' });
    const { outcome, pending } = await host.rollBack(id);
    const as = outcome === 'nothing' ? settledAs(pending) : outcome;
    return { as, isInterrupted: first === 'interrupted' };
  } finally {
    stop.abort();
    stopReading();
  }
}

function settledAs(pending: Pending | undefined): Settled {
  if (pending === undefined) return 'gone';
  return pending.state === 'confirmed' ? 'confirmed' : 'rolled-back';
}
