/** The configuration, as far as it says whether rulesguard may write unasked. */
export interface AutomaticConfig {
  readonly automatic: boolean;
}

/** Values of RULESGUARD_AUTOMATIC that leave the decision to the configuration. Any other switches off: a typo stops too much, never too little. */
const ON: ReadonlySet<string> = new Set(['', 'on', 'true', 'yes', '1']);

/**
 * Whether every automatic write is switched off: hooks, scheduled snapshots, and whatever else writes without a person
 * having typed the command. A rollback is not among them: whoever started the change asked for it.
 *
 * @param env - of this process
 * @returns what switched it off, for people; undefined where automatic writes are on
 */
export function automaticOff(
  { automatic }: AutomaticConfig,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const value = env['RULESGUARD_AUTOMATIC'];
  if (value !== undefined && !ON.has(value.trim().toLowerCase())) return `RULESGUARD_AUTOMATIC=${value}`;
  return automatic ? undefined : '"automatic": false in the configuration';
}
