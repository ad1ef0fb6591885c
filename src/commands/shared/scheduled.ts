import { automaticOff } from '../../app/automatic.ts';
import type { Context } from '../context.ts';
import { configured } from './configured.ts';

/** What switched automatic writes off; undefined where they are on. @throws Fault RG_CONFIG or RG_UNSAFE_FILE */
export const whyOff = async (context: Context): Promise<string | undefined> =>
  automaticOff((await configured(context)).config, process.env);

/** What a command for timers says where they are off. @param done - what it did not do: `nothing recorded` */
export const skippedText = (off: string, done: string): string =>
  `SKIPPED  automatic writes are switched off (${off}); ${done}\n`;
