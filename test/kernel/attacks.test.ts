import { expect, test } from 'vitest';
import { ATTACKS, SOCKETS, type Attack } from '../support/attacks/attacks.ts';
import { attack, type Way } from '../support/attacks/host.ts';
import { describeCli } from '../support/cli.ts';

const ALL: readonly (readonly Attack[])[] = [SOCKETS, ATTACKS];
/** What this kernel or machine may lack: a disk's node that may be opened, modules, sysrq, kcore, AF_ALG. */
const MAY_LACK = 12;

/** The names of the attacks that succeeded. */
async function attackAll(way: Way): Promise<readonly string[]> {
  const names: string[] = [];
  for (const attacks of ALL) {
    const { reached } = await attack(attacks, way);
    names.push(...attacks.filter((_, i) => reached[i]).map(({ name }) => name));
  }
  return names;
}

describeCli('attacks by a rehearsed command that runs as root', () => {
  // Otherwise a rehearsal would stop attacks that are impossible anyway.
  test('nearly all succeed outside the sandbox', { timeout: 900_000 }, async () => {
    const count = ALL.flat().length;
    expect(count).toBeGreaterThan(80);
    expect((await attackAll('bare')).length).toBeGreaterThanOrEqual(count - MAY_LACK);
  });

  test.for([
    ['with a user namespace of its own', 'boxed'],
    ['on a host without user namespaces', 'plain'],
    ['on a host without pivot_root', 'moved'],
  ] as const)('none succeeds in the sandbox, %s', { timeout: 900_000 }, async ([, way]) => {
    expect(await attackAll(way)).toEqual([]);
  });
});
