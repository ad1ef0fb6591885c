import { existsSync } from 'node:fs';
import { run } from '../command/command.ts';

/** systemd's own test (sd_booted) of whether it runs this machine. */
export const systemdRuns = (): boolean => existsSync('/run/systemd/system');

/** Runs `systemctl`; undefined when it did what was asked, else what it said. */
export async function systemctl(...words: readonly string[]): Promise<string | undefined> {
  const { exitCode, stderr } = await run(['systemctl', ...words]);
  return exitCode === 0 ? undefined : `systemctl ${words.join(' ')}: ${stderr.trim()}`;
}
