/**
 * The states of a change, from the first to the last. The name of its file says it: renaming takes no space, so a full
 * disk keeps no state from being reached.
 */
export const PENDING_STATES = [
  'waiting',
  'rolling-back',
  'failed',
  'rolled-back',
  'rebooted',
  'confirmed',
] as const;
export type PendingState = (typeof PENDING_STATES)[number];

/** The same in plain words, after "it is". */
export const STATE_TEXT: Readonly<Record<PendingState, string>> = {
  waiting: 'waiting to be confirmed',
  'rolling-back': 'being rolled back',
  failed: 'not rolled back: that failed',
  'rolled-back': 'rolled back',
  rebooted: 'ended by a reboot',
  confirmed: 'confirmed',
};

/** How far a change has come: a state never gives way to an earlier one. */
export const rankOf = (state: PendingState): number => PENDING_STATES.indexOf(state);
/** Whether nothing is left to do about a change in this state. */
export const isSettled = (state: PendingState): boolean => rankOf(state) >= rankOf('rolled-back');
