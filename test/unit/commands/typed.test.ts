import { expect, test } from 'vitest';
import { MEANT } from '../../../src/commands/verbs/typed.ts';
import { VERBS } from '../../../src/commands/verbs/verbs.ts';

const names = VERBS.map(({ command }) => command.split(' ')[0] ?? '');

test.each(Object.entries(MEANT))('%s, which is no verb, leads to ones that are: %s', (typed, meant) => {
  expect(names).not.toContain(typed);
  const suggested = meant.split(' or ').map((text) => text.split(' ')[0]);
  for (const verb of suggested) expect([...names, '--version']).toContain(verb);
});
