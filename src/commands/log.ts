import { readEvents } from '../host/state/watch-events.ts';
import { eventsText } from '../report/watch-text.ts';
import { count } from '../report/text.ts';
import type { Context, Exit } from './context.ts';

export interface LogArgs {
  /** Milliseconds. */
  readonly since: number | undefined;
  readonly json: boolean | undefined;
}

/** `rulesguard log`: what watch noted. Exit 0 whatever it was. */
export async function run({ since, json }: LogArgs, { stateDir, print, paint, log }: Context): Promise<Exit> {
  const { events, unreadable } = await readEvents(stateDir);
  const from = since === undefined ? Number.NEGATIVE_INFINITY : Date.now() - since;
  const asked = events.filter(({ at }) => Date.parse(at) >= from);
  if (json === true) print(asked.map((event) => `${JSON.stringify(event)}\n`).join(''));
  else if (asked.length > 0) print(eventsText(asked, paint));
  else
    print(
      events.length === 0
        ? 'Nothing is noted. Watching: rulesguard watch\n'
        : 'Nothing is noted of that time. Everything: rulesguard log\n',
    );
  if (unreadable > 0)
    log.warn(`note: ${count(unreadable, 'line')} of the events file cannot be read, and are left out`);
  return 0;
}
