/** What a hook does when neither an option nor the configuration says otherwise. */
export const HOOK_DEFAULTS = {
  pre: 'record' as 'record' | 'off',
  post: 'repair' as 'repair' | 'report' | 'off',
  policies: false,
  strict: false,
};
