import { startSources } from '../../../src/host/events/sources.ts';
import type { SourceName } from '../../../src/watch/seen.ts';

/** Prints what the sources named as arguments tell, one line of JSON each, until its standard input ends. */
const print = (value: object): void => {
  process.stdout.write(`${JSON.stringify({ at: Date.now() + 0, ...value })}\n`);
};
const names = process.argv.slice(2) as SourceName[];
const sources = startSources(
  {
    seen: (seen) => {
      print({ seen, clock: performance.timeOrigin + performance.now() });
    },
    state: (state) => {
      print({ state });
    },
  },
  names.length === 0 ? undefined : names,
);
process.stdin.resume();
process.stdin.on('end', () => {
  const usage = process.resourceUsage();
  void sources.stop().then(() => {
    print({ stopped: true, cpu: usage.userCPUTime + usage.systemCPUTime });
  });
});
