import type { AllPending, Pending, PendingChange } from '../../host/pending/read.ts';
import type { PendingHost } from './ports.ts';

/** All records, for whoever must know of every one. @throws Fault RG_UNSAFE_FILE or RG_PENDING (exit 3) */
export async function readAllSound({ readAll }: Pick<PendingHost, 'readAll'>): Promise<AllPending> {
  const all = await readAll();
  if (all.damaged[0] !== undefined) throw all.damaged[0];
  return all;
}

/** Seconds left to confirm; none or less when it is over. */
export const secondsLeft = ({ change }: Pending, { uptime }: Pick<PendingHost, 'uptime'>): number =>
  change.deadline - uptime();

/** A deadline so many seconds from now, for the kernel's clock and for people. */
export const deadlineIn = (
  seconds: number,
  { uptime, now }: Pick<PendingHost, 'uptime' | 'now'>,
): Pick<PendingChange, 'deadline' | 'until'> => ({
  deadline: uptime() + seconds,
  until: new Date(now() + seconds * 1000).toISOString(),
});
