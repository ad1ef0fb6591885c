import { Fault, type FaultCode } from '../../fault.ts';
import { BaselineDue } from '../../watch/baseline-due.ts';
import { tellsOfRules, type Seen } from '../../watch/seen.ts';
import type { Hand } from '../../watch/writer.ts';
import type { Notes } from './notes.ts';
import type { WatchPort } from './ports.ts';

/** Nothing that could be recorded, or that should be: the looks tell of it. */
const REFUSED: ReadonlySet<FaultCode> = new Set(['RG_DAMAGED', 'RG_UNSETTLED', 'RG_BUSY']);

/** Has a baseline recorded when it is due, where watch may write. Its looks and repairs wait for that, so it ends where rules change. */
export class Recording {
  private readonly due = new BaselineDue();
  private readonly port: Pick<WatchPort, 'held' | 'record' | 'now'>;
  private readonly notes: Notes;
  private ending = new AbortController();

  constructor(port: Pick<WatchPort, 'held' | 'record' | 'now'>, notes: Notes) {
    this.port = port;
    this.notes = notes;
  }

  /** When one is due, by the port's clock. */
  at(): number {
    return this.due.at();
  }

  /** A look has ended. */
  looked(isWhole: boolean): void {
    this.due.looked(isWhole);
  }

  /** Something was seen that watch did not do itself. */
  saw(what: Seen, writer: Hand): void {
    if (writer === 'docker') this.due.saw(this.port.now());
    else if (tellsOfRules(what)) this.ending.abort();
  }

  /** @returns whether one was recorded */
  async make(): Promise<boolean> {
    this.ending = new AbortController();
    const began = this.port.now();
    const outcome = await this.tried();
    if (outcome === 'not-yet') this.due.tried(this.port.now());
    else this.due.done(began, this.port.now());
    return outcome === 'recorded';
  }

  /** @returns `nothing` where nothing is left to record */
  private async tried(): Promise<'recorded' | 'nothing' | 'not-yet'> {
    try {
      if ((await this.port.held()) !== undefined) return 'not-yet';
      return (await this.port.record(this.ending.signal)) ? 'recorded' : 'nothing';
    } catch (error) {
      const code = error instanceof Fault ? error.code : undefined;
      if (code === 'RG_NO_DOCKER_RULES') return 'nothing';
      if (code === undefined || !REFUSED.has(code)) this.notes.failed('cannot record a baseline', error);
      return 'not-yet';
    }
  }
}
