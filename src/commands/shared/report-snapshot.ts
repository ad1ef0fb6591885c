import type { Listener } from '../../app/events.ts';
import type { SnapshotEvent } from '../../app/snapshot/snapshot.ts';
import {
  noEngineText,
  repairedFirstText,
  stoodText,
  undecidedText,
  unrecordedText,
} from '../../report/snapshot-text.ts';
import { restoreNotes } from '../../report/restore-text.ts';
import type { Context } from '../context.ts';
import { reporting } from './report-events.ts';

/** Runs a snapshot, and reports what it says while it works. */
export function reportingSnapshot<T>(
  context: Pick<Context, 'print' | 'paint' | 'log'>,
  work: (on: Listener<SnapshotEvent>) => Promise<T>,
): Promise<T> {
  const { print, paint, log } = context;
  return reporting(context, (on) =>
    work((event) => {
      switch (event.kind) {
        case 'baseline-unusable':
          log.warn(`note: the baseline before this one is not usable: ${event.why}`);
          return;
        case 'no-engine':
          log.warn(noEngineText(event.why, event.baseline));
          return;
        case 'undecided':
          log.warn(undecidedText(event.rule));
          return;
        case 'rules-unverified':
          log.warn(
            `note: not verified: the rules could not be compared with nft's own listing: ${event.why}`,
          );
          return;
        case 'unrecorded':
          log.warn(unrecordedText(event.name, event.why));
          return;
        case 'stood':
          log.warn(stoodText(event.rules, event.ways));
          return;
        case 'repaired':
          if (event.result.applies > 0) print(repairedFirstText(event.result.repaired, paint));
          for (const note of restoreNotes(event.result)) log.warn(note);
          return;
        default:
          on(event);
      }
    }),
  );
}
