import type { Author } from './seen.ts';

/**
 * What watch notes.
 *
 * `damage`: something differs that did not; `repaired`, `not-repaired`: what a restore came to, or the repair of a setting; `ended`: it no longer
 * differs, and watch did not repair it; `fight`: somebody breaks again what was repaired; `host`: a setting of the kernel changed, or something
 * of the host that Docker needs is gone; `source`: what tells of changes stopped or works again; `failed`: a look or a repair could not be made.
 */
export const WATCH_EVENT_KINDS = [
  'started',
  'stopped',
  'damage',
  'repaired',
  'not-repaired',
  'ended',
  'fight',
  'host',
  'engine',
  'source',
  'paused',
  'resumed',
  'failed',
] as const;
export type WatchEventKind = (typeof WATCH_EVENT_KINDS)[number];

/** An effect of check, as an event holds it. */
export interface NotedEffect {
  /** As check had it when the effect was first found: the same while the effect lasts, whoever else it concerns meanwhile. */
  readonly id: string;
  readonly effect: string;
  readonly cause: string;
  readonly headline: string;
  readonly cells: number;
  /** Whether a restore brings back what is lost. A policy is set back on request alone, so one that differs is not. */
  readonly repairable: boolean;
  /** A digest of each cell or rule it consists of, by which it is known again; not noted. */
  readonly covers?: readonly string[];
}

/** One line of the events file. */
export interface WatchEvent {
  readonly version: 1;
  /** ISO 8601, UTC, with milliseconds. */
  readonly at: string;
  readonly kind: WatchEventKind;
  /** What happened, in one line. */
  readonly says: string;
  readonly effects?: readonly NotedEffect[];
  /** Who changed rules since all was well, each once, the first first. */
  readonly by?: readonly Author[];
  /** How long packets fared otherwise, as far as it was seen, in milliseconds: of `damage` until it was found, of `repaired` and `ended` in all. */
  readonly lasted?: number;
  readonly repair?: {
    /** From the first change seen to the look that found it, and from there to the repair. Milliseconds. */
    readonly toDetect: number;
    readonly toRepair: number;
    /** Journal entries, for restore --undo. */
    readonly journal: readonly string[];
  };
}
