import { printable } from '../printable.ts';

/** Plugin states of Nagios and Icinga, which are the exit codes too. */
const PLUGIN_STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;

export type PluginExit = 0 | 1 | 2 | 3;

/** One line of plugin output. The bar begins perfdata, so the text may not hold one. */
export function pluginLine(exit: PluginExit, text: string): string {
  return `RULESGUARD ${PLUGIN_STATES[exit]} - ${printable(text.replaceAll('|', '/').replaceAll('\n', ' '))}`;
}
