import { expect, test } from 'vitest';
import { isWatch } from '../../../../src/host/service/watch-process.ts';

test.each([
  ['/usr/bin/rulesguard watch --log-format systemd', true],
  ['node /usr/local/bin/rulesguard watch', true],
  ['/usr/bin/node --max-old-space-size=99 /opt/rulesguard/bin/rulesguard.js watch', true],
  ['rulesguard --json watch', true],
  ['sudo rulesguard watch', false],
  ['sh -c rulesguard watch', false],
  ['rulesguard watch --pause 1h', false],
  ['rulesguard watch --pause=1h', false],
  ['node /usr/local/bin/rulesguard check watch', false],
  ['vim rulesguard watch', false],
  ['node', false],
])('%s is the resident watch: %s', (command, is) => {
  expect(isWatch(command.split(' '))).toBe(is);
});
