import { watch } from '../../../src/app/watch/watch.ts';
import type { LookWays, WatchLook, WatchPort, WatchSettings } from '../../../src/app/watch/ports.ts';
import { Fault } from '../../../src/fault.ts';
import type { NotedEffect, WatchEvent, WatchEventKind } from '../../../src/watch/event.ts';
import type { Author, Seen, Told } from '../../../src/watch/seen.ts';

/** A program that changed rules, as its event names it. */
export const author = (name: string, pid = 100, more: Partial<Author> = {}): Author => ({
  pid,
  name,
  command: [name],
  parents: [],
  ...more,
});

export const OUTAGE: NotedEffect = {
  id: 'aa',
  effect: 'outage',
  cause: 'lost',
  headline: '3 published ports unreachable from outside',
  cells: 6,
  repairable: true,
};
export const EXPOSURE: NotedEffect = {
  id: 'bb',
  effect: 'exposure',
  cause: 'lost',
  headline: 'networks app and db reach each other',
  cells: 4,
  repairable: true,
};

/** This process, in the world below. */
const OWN = 1;

/** A host in memory with a clock of its own: nothing waits for real. */
export class World {
  time = 0;
  /** What a look finds. */
  effects: readonly NotedEffect[] = [];
  held: string | undefined;
  /** Why that cannot be told. */
  heldFails: Error | undefined;
  /** Whether an announced change is under way. */
  isChanging = false;
  private asksAtOnce = 0;
  recordFails: Fault | undefined;
  /** Whether a baseline that is due says anything new. */
  recordsNew = false;
  /** How often the Engine's reply was forgotten. */
  forgot = 0;
  /** Why a declaration cannot be read. */
  undeclared: string | undefined;
  /** Whether dockerd is starting or stopping. */
  isStarting = false;
  /** What a repair does; by default it ends all that is lost. */
  onRepair: () => { readonly left?: readonly string[]; readonly unjournaled?: string } = () => {
    this.effects = this.effects.filter(({ repairable }) => !repairable);
    return {};
  };
  /** What is lost that the fast path repairs; by default it does nothing. */
  onFastRepair: () => readonly NotedEffect[] | undefined = () => undefined;
  /** What is put around it. */
  around: (port: WatchPort) => WatchPort = (port) => port;
  readonly fastTries: number[] = [];
  onLook: () => void = () => undefined;
  /** How long things take, in milliseconds. */
  readonly takes = { look: 5, repair: 10, fast: 3, record: 0 };

  readonly events: (WatchEvent & { readonly time: number })[] = [];
  readonly looks: { readonly at: number; readonly isTwice: boolean }[] = [];
  /** Looks that were not made, or made past a dockerd that runs without an answer. */
  readonly waits: { readonly at: number; readonly isPatient: boolean }[] = [];
  readonly repairs: number[] = [];
  readonly records: number[] = [];
  private script: { readonly at: number; readonly does: () => void }[] = [];
  private told: Told | undefined;
  private readonly stopping = new AbortController();

  /** Does something at a moment. */
  at(time: number, does: () => void): this {
    this.script = [...this.script, { at: time, does }].sort((a, b) => a.at - b.at);
    return this;
  }

  tell(what: Seen): void {
    this.told?.seen(what);
  }

  /** Somebody changes rules, and so what a look finds. */
  changes(by: Author | undefined, effects: readonly NotedEffect[]): void {
    this.effects = effects;
    this.tell({ kind: 'rules', generation: this.time, author: by });
  }

  /** Watches until a moment. */
  async run(until: number, settings: Partial<WatchSettings> = {}): Promise<this> {
    this.at(until, () => {
      this.stopping.abort();
    });
    await watch(
      this.around(this.port()),
      { mode: 'repair', settings: 'report', interval: 120_000, ...settings },
      this.stopping.signal,
    );
    return this;
  }

  noted(...kinds: readonly WatchEventKind[]): readonly (WatchEvent & { readonly time: number })[] {
    return this.events.filter(({ kind }) => kinds.includes(kind));
  }

  private port(): WatchPort {
    return {
      pid: OWN,
      isEventProgram: () => false,
      now: () => this.time,
      date: () => new Date(this.time),
      wait: (until, signal) => {
        this.asksAtOnce = 0;
        while (!signal.aborted) {
          const [next] = this.script;
          if (next === undefined || next.at > until) {
            this.time = Math.max(this.time, until);
            break;
          }
          this.passTo(next.at);
        }
        return Promise.resolve();
      },
      listen: (told) => {
        this.told = told;
        return { stop: () => Promise.resolve() };
      },
      look: ({ isTwice, isPatient }: LookWays): Promise<WatchLook | 'not-yet'> => {
        const began = this.time;
        this.onLook();
        const found = this.effects;
        if (this.isStarting) this.waits.push({ at: began, isPatient });
        if (this.isStarting && isPatient) {
          this.looks.push({ at: began, isTwice: isTwice() });
          return Promise.resolve('not-yet');
        }
        this.passTo(this.time + this.takes.look);
        this.looks.push({ at: began, isTwice: isTwice() });
        return Promise.resolve({ effects: found, ...(this.isStarting && { isPastDockerd: true }) });
      },
      forgetEngine: () => {
        this.forgot++;
      },
      repair: () => {
        this.repairs.push(this.time);
        this.passTo(this.time + this.takes.repair);
        const { left = [], unjournaled } = this.onRepair();
        const leaves = this.effects;
        this.tell({
          kind: 'rules',
          generation: this.time,
          author: author('iptables-resto', 7, { parents: [{ pid: OWN, name: 'node', command: [] }] }),
        });
        return Promise.resolve({
          journal: unjournaled === undefined ? [String(this.repairs.length)] : [],
          ...{ left, unjournaled },
          leftThen: () => Promise.resolve(leaves),
        });
      },
      // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is a rejection
      repairAtOnce: async () => {
        this.fastTries.push(this.time);
        const fast = this.onFastRepair();
        if (fast === undefined) return undefined;
        const found = this.time;
        this.passTo(this.time + this.takes.fast);
        this.effects = this.effects.filter(({ repairable }) => !repairable);
        const leaves = this.effects;
        return {
          journal: ['fast'],
          left: [],
          leftThen: () => Promise.resolve(leaves),
          found,
          repaired: this.time,
          effects: () => Promise.resolve(fast),
        };
      },
      // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is a rejection
      record: async (signal) => {
        this.records.push(this.time);
        this.passTo(this.time + this.takes.record);
        if (signal.aborted) throw new Fault('RG_UNSETTLED', 3, 'rules changed meanwhile');
        if (this.recordFails !== undefined) throw this.recordFails;
        return this.recordsNew;
      },
      held: () =>
        this.heldFails === undefined ? Promise.resolve(this.held) : Promise.reject(this.heldFails),
      isChanging: () => {
        // Asked for ever without waiting, it would keep everything else of the process from its turn.
        if (++this.asksAtOnce > 1_000) throw new Error('it asks without waiting');
        return this.isChanging;
      },
      lacks: () => Promise.resolve([]),
      switchOn: () => Promise.resolve([]),
      undeclared: () => this.undeclared,
      note: (event) => {
        this.events.push({ ...event, time: this.time });
      },
    };
  }

  private passTo(time: number): void {
    for (;;) {
      const [next] = this.script;
      if (next === undefined || next.at > time) break;
      this.script = this.script.slice(1);
      this.time = Math.max(this.time, next.at);
      next.does();
    }
    this.time = Math.max(this.time, time);
  }
}
