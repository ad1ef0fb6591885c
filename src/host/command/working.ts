import { readFileSync } from 'node:fs';

/** How many times its time limit a program may take in all while it works. */
const AT_MOST = 20;
const LOOKS = 6;

/**
 * Watches a program and calls `stop` once it has used no processor time for `idle` milliseconds, or has run twenty times
 * as long. `iptables-nft-save` of 50,000 rules takes long on a loaded host: stopping it for the elapsed time alone
 * would leave the host unrepaired. A program that waits for a lock, or hangs in the kernel, uses no processor time.
 *
 * @returns ends the watching
 */
export function watchWorking(pid: number | undefined, idle: number, stop: () => void): () => void {
  const begun = performance.now();
  let worked = begun;
  let used = ticksOf(pid);
  const timer = setInterval(
    () => {
      const now = performance.now();
      const ticks = ticksOf(pid);
      if (ticks !== used) [used, worked] = [ticks, now];
      if (now - worked < idle && now - begun < idle * AT_MOST) return;
      clearInterval(timer);
      stop();
    },
    Math.max(1, idle / LOOKS),
  );
  return () => {
    clearInterval(timer);
  };
}

/** Fields of /proc/PID/stat behind the name: user and system time in clock ticks, 10 ms each (proc(5)). */
const USER = 11;
const SYSTEM = 12;

function ticksOf(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return Number(fields[USER]) + Number(fields[SYSTEM]);
  } catch {
    return 0;
  }
}
