import { expect } from 'vitest';
import { factsOf } from '../../../src/docker/daemon-facts.ts';
import { inventoryFrom } from '../../../src/docker/inventory/from-answers.ts';
import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import { inferSettings } from '../../../src/firewall/iptables/expected/settings-in-rules.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { requiredBy } from '../recorded/inventories.ts';
import { createHost, type Host } from '../host.ts';
import { keyOf, linesOf, savesOf } from '../incident/rules.ts';
import { answersOf } from '../lab/answers.ts';
import type { Scenario } from '../lab/build.ts';
import { startEngine, type Engine } from '../lab/engine.ts';
import type { Era } from '../lab/eras.ts';
import { AGREED, part } from './judge.ts';

/** An Engine in the state of a scenario, nobody else's rules beside it, and rulesguard installed. */
export interface Scene {
  readonly engine: Engine;
  readonly host: Host;
  readonly daemonArgs: readonly string[];
  leave(): Promise<void>;
}

/** Brings up an Engine and builds a scenario on it; ends with `leave`. */
export async function raiseScene(era: Era, { options, build }: Scenario): Promise<Scene> {
  const engine = await startEngine({ era, ...options });
  const host = createHost(engine);
  const leave = async () => {
    host.dispose();
    await engine.stop();
  };
  try {
    await build(engine);
  } catch (error) {
    await leave();
    throw error;
  }
  return { engine, host, daemonArgs: options.daemonArgs ?? [], leave };
}

/** What the Engine calls for, computed from its answers and its start, against what its machine's own save prints. */
export async function expectAgreed({ engine, daemonArgs }: Scene): Promise<void> {
  const saves = await savesOf(engine);
  const inventory = inventoryFrom(await answersOf(engine));
  const environment = new Map([['PATH', '/usr/bin']]);
  const facts = factsOf({ args: daemonArgs, environment, readConfig: () => ({}) });
  const live = { ipv4: parseSave(saves.ipv4).ruleset, ipv6: parseSave(saves.ipv6).ruleset };
  const rules = requiredBy(inventory, inferSettings({ inventory, facts, written: () => [ownHost(live)] }));
  expect(rules && part(rules, saves)).toEqual(AGREED);
}

interface Report {
  readonly findings: readonly unknown[];
}

/** The built program, with nothing but the Engine to go by, finds all as it should be and leaves it. */
export async function expectQuiet({ engine, host }: Scene): Promise<void> {
  const { stdout } = await host.run(['check', '--source', 'engine', '--json']);
  expect((JSON.parse(stdout) as Report).findings).toEqual([]);
  const rules = async () => linesOf(await savesOf(engine)).map(keyOf);
  const before = await rules();
  expect((await host.run(['restore', '--source', 'engine'])).stdout).toMatch(/nothing to do/i);
  expect(await rules()).toEqual(before);
}
