import { readConfig } from '../../host/config/config.ts';
import type { Config } from '../../host/config/defaults.ts';
import type { Context } from '../context.ts';

/**
 * The configuration, and the context with the waiting time it asks for, where no `--wait` was typed.
 *
 * @throws Fault RG_CONFIG or RG_UNSAFE_FILE
 */
export async function configured(
  context: Context,
): Promise<{ readonly config: Config; readonly context: Context }> {
  const config = await readConfig(context.configFile);
  return { config, context: context.waitGiven ? context : { ...context, waitSeconds: config.wait } };
}
