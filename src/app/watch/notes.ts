import { Fault } from '../../fault.ts';
import type { WatchEvent, WatchEventKind } from '../../watch/event.ts';
import type { Seen, SourceState } from '../../watch/seen.ts';
import { settingSays } from '../../watch/words.ts';
import type { WatchPort } from './ports.ts';

/** What an event holds beside its kind and its words. */
export type More = Omit<WatchEvent, 'version' | 'at' | 'kind' | 'says'>;

/** What watch notes. What stays as it was is said once: a repair that is tried for hours fills no log. */
export class Notes {
  private readonly port: Pick<WatchPort, 'note' | 'date'>;
  private leftSaid = '';
  private heldSaid: string | undefined;
  private undeclaredSaid: string | undefined;

  constructor(port: Pick<WatchPort, 'note' | 'date'>) {
    this.port = port;
  }

  say(kind: WatchEventKind, says: string, more: More = {}): void {
    const effects = more.effects?.map(({ covers: _, ...effect }) => effect);
    const noted = effects === undefined ? more : { ...more, effects };
    this.port.note({ version: 1, at: this.port.date().toISOString(), kind, says, ...noted });
  }

  /** Something was seen that is worth a line, whatever a look makes of it. */
  saw(what: Seen): void {
    if (what.kind === 'setting') this.say('host', settingSays(what));
    if (what.kind === 'engine-gone') this.say('engine', 'the Engine no longer answers');
    if (what.kind === 'engine-back') this.say('engine', 'the Engine answers again');
  }

  sourceIs({ source, works, says }: SourceState): void {
    this.say('source', `${source}: ${works ? '' : 'not listened to: '}${says}`);
  }

  /** Something could not be done. */
  failed(what: string, error: unknown): void {
    const why =
      error instanceof Fault ? [error.message, error.hint ?? ''].filter(Boolean).join('. ') : String(error);
    this.left('failed', `${what}: ${why}`);
  }

  /** Something is left as it is. */
  left(kind: 'failed' | 'not-repaired', says: string, more: More = {}): void {
    if (says === this.leftSaid) return;
    this.leftSaid = says;
    this.say(kind, says, more);
  }

  /** All is well: what is left after this is said anew. */
  well(): void {
    this.leftSaid = '';
  }

  /** Whether watch may write, as it was just asked. */
  held(held: string | undefined): void {
    if (held === this.heldSaid) return;
    this.heldSaid = held;
    this.say(held === undefined ? 'resumed' : 'paused', held ?? 'repairs are made again');
  }

  /** Whether all that is declared could be read, as the last look found. */
  undeclared(why: string | undefined): void {
    if (why === this.undeclaredSaid) return;
    this.undeclaredSaid = why;
    if (why === undefined) this.say('resumed', 'what is declared can be read again, and is held');
    else this.say('failed', `what is declared is not held as it stands: ${why}`);
  }
}
