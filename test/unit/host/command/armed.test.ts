import { expect, test } from 'vitest';
import { ArmedCommands } from '../../../../src/host/command/armed.ts';

test('a command that cannot be started keeps no other from being at hand', async () => {
  const armed = new ArmedCommands();
  // No program has a NUL in its arguments: starting it throws at once, as it does without memory.
  armed.arm([['true', '\0'], ['cat']]);
  expect(await armed.run(['cat'], 'whole')).toMatchObject({ stdout: 'whole', exitCode: 0 });
  armed.disarm();
});
