import type { Notice } from '../reconcile/notices.ts';

/** A part of the work that may take long enough for a person to ask what is going on. */
export interface StepEvent {
  readonly kind: 'step';
  readonly step: 'reading' | 'settling' | 'repairing' | 'gathering' | 'asking-peer' | 'probing';
}

/** Something a person should know of what the verdict rests on. */
export interface NoticeEvent {
  readonly kind: 'notice';
  readonly notice: Notice;
}

/** Receives the events of a use case while it works. */
export type Listener<Event> = (event: Event) => void;
