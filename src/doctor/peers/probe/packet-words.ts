import type { CapturedPacket } from '../../probe/result.ts';

/** By whom a host passed a question on last; '' where it did not. */
export const passedOn = (there: readonly CapturedPacket[]): string => {
  const last = there.findLast(({ out, reply }) => out && !reply);
  return last === undefined ? '' : ` (it was passed on by ${last.link} to ${last.destination})`;
};

/** Packets as evidence, one a line. */
export const linesOf = (host: string, packets: readonly CapturedPacket[]): readonly string[] =>
  packets.map(
    ({ link, out, reply, source, destination }) =>
      `${host}: ${link} ${out ? 'out' : 'in'}: ${source} → ${destination}${reply ? ' (answer)' : ''}`,
  );
