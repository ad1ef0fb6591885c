import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { factsOf } from '../../../../../src/docker/daemon-facts.ts';
import { inventoryFrom } from '../../../../../src/docker/inventory/from-answers.ts';
import type { Answers } from '../../../../../src/docker/inventory/inventory.ts';
import { inferSettings } from '../../../../../src/firewall/iptables/expected/settings-in-rules.ts';
import { AGREED, part } from '../../../../support/expected/judge.ts';
import { requiredBy } from '../../../../support/recorded/inventories.ts';
import { recording, recordingNames } from '../../../../support/recorded/recordings.ts';

type Account = Answers & { readonly daemonArgs: readonly string[] };

const accountOf = (name: string): Account =>
  JSON.parse(
    readFileSync(new URL(`../../../../fixtures/${name}/engine.json`, import.meta.url), 'utf8'),
  ) as Account;

/** The recordings that hold the Engine's whole account of itself. */
const NAMES = recordingNames().filter((name) => 'daemonArgs' in accountOf(name));

/** What no rule shows, so that only the daemon's own words tell it. */
const TOLD_BY_WORDS_ALONE = [
  'engine-28.5-direct',
  'engine-28.5-ipv4',
  'engine-29.7-allow-direct-routing',
  'engine-29.7-direct',
  'engine-29.7-ipv4',
  'engine-29.7-no-ip6tables',
];

describe.each(NAMES)('what the Engine of %s calls for is what it wrote', (name) => {
  const { text, owned } = recording(name);
  const account = accountOf(name);
  const inventory = inventoryFrom(account);

  test("by its daemon's words", () => {
    const environment = new Map([['PATH', '/usr/bin']]);
    const facts = factsOf({ args: account.daemonArgs, environment, readConfig: () => ({}) });
    const rules = requiredBy(inventory, inferSettings({ inventory, facts, written: () => [owned] }));
    expect(rules && part(rules, text)).toEqual(AGREED);
  });

  if (TOLD_BY_WORDS_ALONE.includes(name)) return;

  test('by the rules it wrote', () => {
    const rules = requiredBy(inventory, inferSettings({ inventory, facts: {}, written: () => [owned] }));
    expect(rules && part(rules, text)).toEqual(AGREED);
  });
});

test('recordings of all four Engines', () => {
  for (const era of ['20.10', '26.1', '28.5', '29.7'])
    expect(NAMES.filter((name) => name.startsWith(`engine-${era}-`)).length).toBeGreaterThan(5);
});
