import { openBaseline, writeBaseline } from '../../../src/host/state/store.ts';

/** Records the newest baseline once more, as of so many seconds ago. */
export async function ageBaseline(stateDir: string, seconds: number): Promise<void> {
  const { baseline } = await openBaseline(stateDir);
  await writeBaseline(stateDir, {
    ...baseline,
    created: new Date(Date.now() - seconds * 1000).toISOString(),
  });
}
