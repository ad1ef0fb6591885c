import { Fault } from '../../fault.ts';
import { validate } from '../../generated/config.js';
import { CONFIG_DEFAULTS, CONFIG_PATH, type Config, type ConfigFile } from './defaults.ts';
import { wrongKeys } from './faults.ts';
import { simplest } from '../../watch/mode.ts';
import { readTrusted } from '../files/files.ts';
import { jsonFault } from '../files/json-fault.ts';

/**
 * Reads the configuration; a key it lacks has its default ({@link CONFIG_DEFAULTS}). Without a file all have, unless the user
 * named a file.
 *
 * @throws Fault RG_CONFIG (exit 2) that names every wrong key, RG_UNSAFE_FILE when others may have written it
 */
export async function readConfig({ path, explicit }: ConfigFile): Promise<Config> {
  let text: string;
  try {
    text = await readTrusted(path, 'configuration');
  } catch (error) {
    if (!isAbsent(error)) throw error;
    if (!explicit) return CONFIG_DEFAULTS;
    throw new Fault('RG_CONFIG', 2, `the configuration ${path} is not there`, {
      hint: `It was named by --config or RULESGUARD_CONFIG; without them it is ${CONFIG_PATH}, which need not be there.`,
    });
  }
  const refuse = (message: string, details: readonly string[]): never => {
    throw new Fault('RG_CONFIG', 2, `the configuration ${path} is not used: ${message}`, {
      details,
      hint: `Correct it; "version": 1 is all it needs. What there is to set: schemas/config.schema.json`,
    });
  };
  const wrong = jsonFault(text);
  if (wrong !== undefined) return refuse('it is no JSON', [wrong]);
  const given: unknown = JSON.parse(text);
  if (!validate(given)) {
    const keys = wrongKeys(validate.errors ?? [], given, CONFIG_DEFAULTS);
    return refuse(`${String(keys.length)} of its keys ${keys.length === 1 ? 'is' : 'are'} wrong`, keys);
  }
  const { run, hook, watch, automatic, wait } = given as Partial<Config>;
  return {
    run: { ...CONFIG_DEFAULTS.run, ...run },
    hook: { ...CONFIG_DEFAULTS.hook, ...hook },
    watch: { ...CONFIG_DEFAULTS.watch, ...watch, mode: simplest(watch?.mode ?? CONFIG_DEFAULTS.watch.mode) },
    automatic: automatic ?? CONFIG_DEFAULTS.automatic,
    wait: wait ?? CONFIG_DEFAULTS.wait,
  };
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Fault && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
