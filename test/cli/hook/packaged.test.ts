import { symlinkSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withEmptyHost } from '../../support/cli.ts';
import { picture, put, rootWithManagers } from '../../support/hook-root.ts';

describeCli('hooks that are units of the package', () => {
  test.each([
    ['systemd', 'rulesguard-watch.service'],
    ['boot', 'rulesguard-boot.service'],
  ])('%s: where a package brings the unit a link is all there is to it', (name, unit) =>
    withEmptyHost(async (host) => {
      const root = rootWithManagers(host);
      const wanted = '/etc/systemd/system/multi-user.target.wants';
      put(root, `/lib/systemd/system/${unit}`, '[Service]\nExecStart=/usr/bin/rulesguard watch\n');
      put(root, `${wanted}/README`, '');
      const before = picture(root);
      expect(await host.run(`hook status ${name} --root ${root}`)).toMatch(/no hook/);
      // Where /usr is merged both are the same, and `systemctl enable` makes either.
      put(root, `/usr/lib/systemd/system/${unit}`, '[Service]\n');
      for (const place of ['/lib/systemd/system', '/usr/lib/systemd/system']) {
        symlinkSync(`${place}/${unit}`, path.join(root, wanted, unit));
        expect(await host.run(`hook status ${name} --root ${root}`)).toMatch(/hook in place/);
        expect(await host.run(`hook install ${name} --root ${root}`)).toMatch(/^Nothing to do/);
        await host.run(`hook remove ${name} --root ${root}`);
      }
      unlinkSync(path.join(root, `usr/lib/systemd/system/${unit}`));
      expect(picture(root)).toEqual(before);
      await host.run(`hook install ${name} --root ${root}`);
      expect(await host.run(`hook status ${name} --root ${root}`)).toMatch(/hook in place/);
      await host.run(`hook remove ${name} --root ${root}`);
      expect(picture(root)).toEqual(before);
    }),
  );
});
