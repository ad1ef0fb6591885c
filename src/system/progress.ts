const PATIENCE = 1_000;

/** Runs a step; when it takes longer than a second a line on the terminal says what is being waited for. */
export async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work;
  const timer = setTimeout(() => process.stderr.write(`… ${what}\n`), PATIENCE);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
