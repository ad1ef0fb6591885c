const HELD = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs work that must not be interrupted. A signal that arrives meanwhile is held until the work is done, and then ends
 * the process as it would have (130, 143): Ctrl-C between two tables would leave half a repair.
 */
export async function withSignalsHeld<T>(work: () => Promise<T>): Promise<T> {
  let arrived: NodeJS.Signals | undefined;
  const note = (signal: NodeJS.Signals): void => {
    arrived ??= signal;
  };
  for (const signal of HELD) process.on(signal, note);
  try {
    return await work();
  } finally {
    for (const signal of HELD) process.off(signal, note);
    if (arrived !== undefined) process.kill(process.pid, arrived);
  }
}
