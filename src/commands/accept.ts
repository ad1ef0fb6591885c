import { accept, withdraw } from '../app/accept/accept.ts';
import { realAcceptHost } from '../app/accept/real-accept-host.ts';
import { dayOf } from '../app/accept/acceptances.ts';
import { Fault } from '../fault.ts';
import { acceptedList, acceptedText, withdrawnText } from '../report/accepted-text.ts';
import type { Context, Exit } from './context.ts';
import { reporting } from './shared/report-events.ts';

export interface AcceptArgs {
  /** An id that check shows, `list` or `remove`. */
  readonly finding: string;
  /** For remove: which. */
  readonly id: string | undefined;
  readonly reason: string | undefined;
  readonly until: string | undefined;
}

/** `rulesguard accept`: lets a finding of check be for a time, lists what was accepted, or takes that back. */
export async function run({ finding, id, reason, until }: AcceptArgs, context: Context): Promise<Exit> {
  const { print, paint } = context;
  await reporting(context, async (on) => {
    const host = realAcceptHost(context, on);
    if (finding === 'list') print(acceptedList(await host.readAccepted(), dayOf(host.now()), paint));
    else if (finding === 'remove')
      print(withdrawnText(await withdraw(needed(id, 'remove', 'an id of accept list'), host), paint));
    else {
      const request = {
        id: finding,
        reason: needed(reason, finding, '--reason TEXT: why it may stay'),
        until: needed(until, finding, '--until DATE: the last day it holds, YYYY-MM-DD'),
      };
      print(acceptedText(await accept(request, host), paint));
    }
  });
  return 0;
}

/** @throws Fault RG_USAGE for what was not typed */
function needed(value: string | undefined, after: string, what: string): string {
  if (value !== undefined) return value;
  throw new Fault('RG_USAGE', 2, `accept ${after} needs ${what}`, {
    hint: 'For example: rulesguard accept 3f9a1c --reason "ticket 4711" --until 2027-01-31',
  });
}
