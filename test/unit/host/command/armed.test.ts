import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ArmedCommands } from '../../../../src/host/command/armed.ts';
import { LOCK_SCRIPT } from '../../../../src/host/command/lock-script.ts';
import { perlScript } from '../../../../src/host/events/perl.ts';

test('a command that cannot be started keeps no other from being at hand', async () => {
  const armed = new ArmedCommands();
  // No program has a NUL in its arguments: starting it throws at once, as it does without memory.
  armed.arm([['true', '\0'], ['cat']]);
  expect(await armed.run(['cat'], 'whole')).toMatchObject({ stdout: 'whole', exitCode: 0 });
  armed.disarm();
});

test('a command that waits by itself is given its input alone', async () => {
  const armed = new ArmedCommands();
  armed.arm([], [['cat']]);
  expect(await armed.run(['cat'], 'whole')).toMatchObject({ stdout: 'whole', exitCode: 0 });
  armed.disarm();
});

/** The command lines of two that would take the same lock. */
async function lockers() {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-lock-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = path.join(folder, 'lock');
  const perl = await perlScript(LOCK_SCRIPT, [file, '75']);
  if (perl === undefined) throw new Error('no perl here');
  return { perl, flock: ['flock', '--wait', '0', '--conflict-exit-code', '75', file, 'cat'] as const };
}

test('a lock whose taker waited beforehand keeps flock from it until it is let go', async () => {
  const { perl, flock } = await lockers();
  const armed = new ArmedCommands();
  armed.arm([flock], [perl]);
  // One that only waits holds nothing.
  expect(await armed.run(flock, '')).toMatchObject({ exitCode: 0 });
  const held = await armed.hold(perl);
  if (held === undefined || !('release' in held)) throw new Error('not held');
  armed.arm([flock]);
  expect(await armed.run(flock, '')).toMatchObject({ exitCode: 75 });
  await held.release();
  armed.arm([flock]);
  expect(await armed.run(flock, '')).toMatchObject({ exitCode: 0 });
});

test('a lock that somebody holds is not waited for by the one that was ready', async () => {
  const { perl, flock } = await lockers();
  const armed = new ArmedCommands();
  armed.arm([flock], [perl]);
  const other = await armed.hold(flock);
  expect(await armed.hold(perl)).toMatchObject({ exitCode: 75 });
  if (other === undefined || !('release' in other)) throw new Error('not held');
  await other.release();
});

test('a taker that is never used ends with whoever started it, and took no lock', async () => {
  const { perl, flock } = await lockers();
  const armed = new ArmedCommands();
  armed.arm([], [perl]);
  armed.disarm();
  armed.arm([flock]);
  expect(await armed.run(flock, '')).toMatchObject({ exitCode: 0 });
});
