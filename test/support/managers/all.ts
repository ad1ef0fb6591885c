import { MANAGERS_OF_DAEMONS } from './managers-daemons.ts';
import { MANAGERS_OF_FILES } from './managers-files.ts';
import type { Manager } from './managers.ts';

export const MANAGERS: readonly Manager[] = [...MANAGERS_OF_FILES, ...MANAGERS_OF_DAEMONS];
