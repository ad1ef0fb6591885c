import { Fault } from '../../fault.ts';

/** The remedy for an error of the operating system, by its name (errno(3)). */
const REMEDIES: Readonly<Record<string, string>> = {
  EMFILE: 'Allow more open files: ulimit -n 1024',
  ENFILE: 'The whole machine has too many files open: sysctl fs.file-max',
  ENOMEM: 'See what takes the memory: free, ps aux --sort -rss | head',
  EAGAIN: 'See what limits the number of processes: ulimit -u, systemctl status (Tasks)',
  ENOSPC: 'Make room: df, df -i',
  EDQUOT: 'Make room in the quota: quota',
  EROFS: 'See what is mounted read-only: findmnt --options ro',
  EIO: 'The disk fails: dmesg',
};

/** An error of the operating system as a fault; undefined when it is not one: then it is a fault of ours. */
export function systemFault(error: unknown): Fault | undefined {
  if (!(error instanceof Error) || error instanceof Fault || !('syscall' in error) || !('code' in error))
    return undefined;
  return new Fault('RG_SYSTEM', 3, `the system refused: ${error.message}`, {
    hint: REMEDIES[String(error.code)] ?? 'Try again as root; what is named there has to be in reach.',
    cause: error,
  });
}
