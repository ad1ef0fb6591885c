/*
 * Options that say what rules are compared with.
 */

export const BASELINE = {
  type: 'string',
  requiresArg: true,
  describe: 'id of `baseline list`, or a path; the newest by default',
} as const;
export const SOURCE = {
  choices: ['baseline', 'engine', 'both'] as const,
  default: 'both' as const,
  describe: 'what should be there: what was recorded, what the Engine requires, or all of it',
} as const;
export const TRUST = {
  type: 'boolean',
  describe: 'take a baseline that was not recorded on this host (a backup, a host set up again) for its own',
} as const;
