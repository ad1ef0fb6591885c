import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import yargs, { type Argv } from 'yargs';
import { RECIPE_NAMES } from '../../hooks/recipes.ts';
import { TARGETS } from '../../hooks/targets.ts';
import { askEngineState } from '../../host/engine/ask.ts';
import { listNumbered } from '../../host/files/numbered.ts';
import { listPending } from '../../host/pending/files.ts';
import { readAccepted } from '../../host/state/accepted.ts';
import { baselineFolder } from '../../host/state/store.ts';
import { DEFAULT_RUN_DIR, DEFAULT_STATE_DIR, globalOptions } from './globals.ts';
import { VERBS } from './verbs.ts';
import { grammarIn } from './yargs-untyped.ts';
import { completions, type VerbGrammar } from '../completion/words.ts';

/**
 * Words that may stand in the place of the last one typed. Whatever goes wrong is no completion: somebody is typing.
 *
 * @param typed - the words behind `rulesguard`
 */
export async function complete(typed: readonly string[]): Promise<readonly string[]> {
  const stateDir = valueOf('--state-dir', typed) ?? DEFAULT_STATE_DIR;
  const runDir = valueOf('--run-dir', typed) ?? DEFAULT_RUN_DIR;
  const verbs = VERBS.map(({ command }) => command.split(' ')[0] ?? '');
  try {
    const found = await completions(typed, verbs, grammarOf, {
      baselines: () => listNumbered(baselineFolder(stateDir)),
      targets,
      interfaces: () => readdir('/sys/class/net'),
      pending: async (verb) => {
        const all = await listPending({ stateDir, runDir });
        return all
          .filter(({ state }) => state === 'waiting' || (verb === 'rollback' && state === 'failed'))
          .map(({ id }) => id);
      },
      hookTargets: TARGETS.map(({ name }) => name),
      recipes: RECIPE_NAMES,
      findings: () => findings(stateDir),
      accepted: async () => (await readAccepted(stateDir)).map(({ id }) => id),
    });
    // Names of containers come from the Engine, and the shell reads them.
    return found.filter((word) => /^[\w.:/=@-]+$/.test(word));
  } catch {
    return [];
  }
}

function grammarOf(verb: string | undefined): VerbGrammar {
  const found = VERBS.find(({ command }) => command.split(' ')[0] === verb);
  const made: Argv = yargs([]);
  globalOptions(made);
  found?.builder(made);
  return grammarIn(made, found?.command ?? '');
}

function valueOf(option: string, typed: readonly string[]): string | undefined {
  const at = typed.indexOf(option);
  return at === -1 ? undefined : typed.slice(at + 1).find((word) => word !== '=');
}

/** How long somebody who pressed Tab waits for an Engine, in milliseconds. */
const LONGEST_WAIT = 2000;

/** What check finds now; it takes a moment, and needs root. */
async function findings(stateDir: string): Promise<readonly string[]> {
  const { check } = await import('../../app/check/check.ts');
  const { realCheckHost } = await import('../../app/check/real-check-host.ts');
  const { realBaselines } = await import('../../app/real-baselines.ts');
  const { BY_BOTH } = await import('../../app/observe/open-reference.ts');
  const checking = check(realCheckHost(stateDir), realBaselines(stateDir), BY_BOTH, () => undefined);
  const checked = await Promise.race([checking, sleep(LONGEST_WAIT)]);
  return checked?.verdict.effects.flatMap(({ id }) => (id === '' ? [] : [id])) ?? [];
}

async function targets(): Promise<readonly string[]> {
  const reply = await Promise.race([askEngineState(), sleep(LONGEST_WAIT)]);
  if (reply?.answered !== true) return [];
  const { endpoints, networks } = reply.inventory;
  const services = endpoints.flatMap(({ composed }) =>
    composed === undefined ? [] : [composed.service, `${composed.project}/${composed.service}`],
  );
  const names = [...endpoints.map(({ container }) => container), ...networks.map(({ name }) => name)];
  return [...new Set([...names, ...services])];
}
