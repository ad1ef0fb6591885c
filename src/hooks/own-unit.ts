import type { HookFile } from './file.ts';
import type { SeenFiles } from './target.ts';

/** Where a package puts its units; on a host whose /usr is merged both name the same folder. */
const PACKAGED = ['/usr/lib/systemd/system', '/lib/systemd/system'];

/** Where a unit of ours lies that no package brought. */
export const unitPath = (name: string): string => `/etc/systemd/system/${name}`;

/** The link that has systemd start it at boot. */
export const wantedPath = (name: string): string => `/etc/systemd/system/multi-user.target.wants/${name}`;

/**
 * A unit of ours that is started at boot: the unit and a link to it, or where a package brings the unit the link alone, as
 * `systemctl enable` makes it. What lies in /etc hides the package's, so there it is the one that counts.
 *
 * @param lines - of the unit, should it have to be written
 */
export function ownUnit(name: string, lines: readonly string[], seen: SeenFiles): readonly HookFile[] {
  const path = unitPath(name);
  const [to, ...same] = PACKAGED.map((folder) => `${folder}/${name}`).filter(
    (unit) => seen.read(unit) !== undefined,
  );
  if (to !== undefined && seen.read(path) === undefined)
    return [{ kind: 'link', path: wantedPath(name), to, same }];
  return [
    { kind: 'own', path, mode: 0o644, lines },
    { kind: 'link', path: wantedPath(name), to: path },
  ];
}
