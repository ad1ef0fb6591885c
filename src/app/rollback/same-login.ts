import type { Login } from '../../host/command/login.ts';

/**
 * Whether two processes belong to the same person. A user who logs in again, because the first connection hangs, is the same
 * person; root is shared by several, so for root only the same login is. Where neither the kernel nor sudo records who logged
 * in, only the same shell is.
 */
export function isSameLogin(one: Login, other: Login): boolean {
  for (const [mine, theirs] of [
    [one.uid, other.uid],
    [one.sudo, other.sudo],
  ]) {
    if (mine === null && theirs === null) continue;
    if (mine !== theirs) return false;
    if (mine !== 0) return true;
    if (one.session !== null || other.session !== null) return one.session === other.session;
  }
  return one.shell !== null && one.shell === other.shell;
}
