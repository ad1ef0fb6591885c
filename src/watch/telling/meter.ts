import type { NotedEffect, WatchEvent } from '../event.ts';
import type { Author, SourceState } from '../seen.ts';

/** What is counted while watch runs. */
export interface WatchMeter {
  /** A look found this; nothing where all is well. */
  readonly looked: (effects: readonly NotedEffect[]) => void;
  /** A look or a repair could not be made. */
  readonly failed: (what: 'look' | 'repair') => void;
  /** Somebody but watch changed rules. */
  readonly changed: (author: Author | undefined) => void;
  /** Whether all that is declared could be read. */
  readonly declared: (isRead: boolean) => void;
  readonly source: (state: SourceState) => void;
  readonly noted: (event: WatchEvent) => void;
}

/** Severities of effects, the worst first. */
export const SEVERITIES = ['exposure', 'outage', 'degraded', 'unknown', 'notice'] as const;
