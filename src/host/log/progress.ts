import { put, STDERR } from './output.ts';

const PATIENCE = 1_000;

/** Shows on a terminal what is being waited for when a step takes longer than a second. */
export class Progress {
  private timer: NodeJS.Timeout | undefined;

  /** Ends the previous step and begins this one. */
  step(what: string): void {
    this.end();
    if (!process.stderr.isTTY) return;
    this.timer = setTimeout(() => {
      put(STDERR, `… ${what}\n`);
    }, PATIENCE);
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

/** Runs a step; when it takes longer than a second, a line on the terminal shows what is being waited for. */
export async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
  const progress = new Progress();
  progress.step(what);
  try {
    return await work;
  } finally {
    progress.end();
  }
}
