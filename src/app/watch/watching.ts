import { Attempts } from '../../watch/attempts.ts';
import type { NotedEffect } from '../../watch/event.ts';
import { ChangedBy } from '../../watch/changed-by.ts';
import { KnownEffects } from '../../watch/known-effects.ts';
import { turned, without, type Open } from '../../watch/incidents.ts';
import {
  begun,
  dueOf,
  isRepairedAtOnce,
  failedToLook,
  heldBack,
  looked,
  mayBeDockers,
  recorded,
  repaired,
  seen,
  type Schedule,
} from '../../watch/schedule.ts';
import { tellsOfRules, type Seen } from '../../watch/seen.ts';
import { isRepaired, lostIn } from '../../watch/mode.ts';
import { handOf } from '../../watch/writer.ts';
import { effectsSay } from '../../watch/words.ts';
import { effectsUntil, type Undertaken } from './effects-until.ts';
import { NotYet } from './not-yet.ts';
import { Notes } from './notes.ts';
import { HostNeeds } from './settings/host-needs.ts';
import { Recording } from './recording.ts';
import { brokenAgain, tellOutcome } from './repair-ended.ts';
import type { WatchLook, WatchPort, WatchSettings } from './ports.ts';

/** After a look or repair that could not be made, in milliseconds. */
const AFTER_FAULT = 5_000;
/** While a change is announced, it is asked so often whether it has ended. */
const NOT_YET = 250;

/** What watch knows, and does next: one step at a time. */
export class Watching {
  readonly notes: Notes;
  private readonly port: WatchPort;
  private readonly settings: WatchSettings;
  private schedule: Schedule;
  private open: Open = new Map();
  private readonly attempts = new Attempts();
  private readonly baseline: Recording;
  private readonly needs: HostNeeds;
  private readonly changes = new ChangedBy();
  /** When damage was found that is open. */
  private detected: { readonly first: number; readonly at: number } | undefined;
  private sleeper = new AbortController();
  private readonly known = new KnownEffects();
  private readonly notYet = new NotYet();
  /** A repair that no look has followed yet. */
  private undertaken: Undertaken | undefined;

  constructor(port: WatchPort, settings: WatchSettings) {
    this.port = port;
    this.notes = new Notes(port);
    this.baseline = new Recording(port, this.notes);
    this.needs = new HostNeeds(port, settings, this.notes);
    this.settings = settings;
    this.schedule = begun(port.now());
  }

  /** Something was seen. */
  saw(what: Seen): void {
    const writer = handOf(what, this.port);
    if (writer === 'ours') return;
    const now = this.port.now();
    if (tellsOfRules(what)) this.changes.saw(what.kind === 'rules' ? what.author : undefined, now);
    this.notes.saw(what);
    // dockerd writes rules before it tells of what they are for.
    if (writer === 'docker' || writer === 'unknown') this.port.forgetEngine();
    this.baseline.saw(what, writer);
    this.needs.saw(what);
    this.attempts.changed();
    this.schedule = heldBack(seen(this.schedule, writer, now), now);
    this.wake();
  }

  wake(): void {
    this.sleeper.abort();
  }

  /** Waits for what is due, and does it. */
  async next(): Promise<void> {
    const due = dueOf(this.schedule, this.settings, this.settings.mode !== 'report');
    const next = Math.min(due.at, this.baseline.at());
    if (next > this.port.now()) return this.sleepUntil(next);
    if (this.port.isChanging()) {
      const again = this.port.now() + NOT_YET;
      this.schedule = failedToLook(this.schedule, again);
      // A baseline that is due waits too: without a pause nothing else of this process would get its turn.
      return this.sleepUntil(again);
    }
    if (due.at > this.port.now()) {
      if (await this.baseline.make()) this.schedule = recorded(this.schedule);
    } else if (due.what === 'look') {
      await this.repairAtOnce();
      await this.lookOnce();
    } else await this.repairOnce();
  }

  private readonly named = (effects: readonly NotedEffect[]): readonly NotedEffect[] =>
    this.known.named(effects, this.port.now());

  private async sleepUntil(moment: number): Promise<void> {
    this.sleeper = new AbortController();
    await this.port.wait(moment, this.sleeper.signal);
  }

  private async lookOnce(): Promise<void> {
    const beganAt = this.port.now();
    // Events may be lost: where none was told, the Engine is asked all the same.
    if (this.schedule.unjudged === undefined) this.port.forgetEngine();
    const first = this.schedule.unjudged?.first ?? beganAt;
    const changed = this.changes.beganAt();
    let found: WatchLook | 'not-yet';
    try {
      found = await this.port.look({
        isTwice: () => mayBeDockers(this.schedule),
        isPatient: !this.notYet.isLong(beganAt),
      });
    } catch (error) {
      this.notes.failed('cannot look', error);
      this.schedule = failedToLook(this.schedule, this.port.now() + AFTER_FAULT);
      return;
    }
    if (found === 'not-yet') {
      const again = this.notYet.again(this.port.now());
      this.schedule = failedToLook(this.schedule, again);
      return;
    }
    if (found.isPastDockerd !== true) this.notYet.over();
    else if (this.notYet.tells())
      this.notes.say(
        'failed',
        'no Engine answers, though a dockerd has run for half a minute: watching without it',
      );
    const { undertaken } = this;
    this.undertaken = undefined;
    const effects = this.named(found.effects);
    const again = undertaken === undefined ? [] : await this.brokenAgain(undertaken, effects);
    // A link that changed before lost no rule; what else is wrong may have begun with it.
    const isLost = effects.every(({ id, cause }) => cause === 'lost' || this.open.has(id));
    const began = (isLost ? changed : undefined) ?? first;
    const since = again.length === 0 ? began : (this.changes.sinceRepair()?.at ?? began);
    const turn = turned(this.open, effects, since);
    this.open = turn.open;
    const now = this.port.now();
    this.schedule = looked(this.schedule, lostIn(this.settings.mode, effects), beganAt, now);
    const by = this.changes.sinceLook().length === 0 ? {} : { by: this.changes.sinceLook() };
    if (effects.length === 0) this.detected = undefined;
    else this.detected ??= { first: since, at: now };
    const outcome = { undertaken, found: effects.filter((one) => !again.includes(one)), ended: turn.ended };
    tellOutcome(this.notes, this.attempts, outcome, now, by);
    // What is new does not wait for what was repaired too often.
    if (turn.began.length > 0) {
      this.schedule = heldBack(this.schedule, now);
      this.notes.say('damage', effectsSay(turn.began), { effects: turn.began, lasted: now - since, ...by });
    }
    if (this.schedule.unjudged === undefined)
      this.changes.judged(this.schedule.damage === undefined || this.settings.mode === 'report');
    this.notes.undeclared(this.port.undeclared());
    this.baseline.looked(effects.every(({ cause }) => cause !== 'lost'));
    if (effects.length === 0) this.notes.well();
    await this.needs.looked(effects, turn.began);
  }

  /** What the look after a repair shows again though the repair had ended it. */
  private async brokenAgain(
    undertaken: Undertaken,
    effects: readonly NotedEffect[],
  ): Promise<readonly NotedEffect[]> {
    if (this.changes.sinceRepair() === undefined) return [];
    const again = await brokenAgain(undertaken, effects, this.notes, this.named);
    if (again.length === 0) return [];
    this.changes.brokeAgain();
    this.detected = undefined;
    this.open = without(this.open, again);
    return again;
  }

  /** Repairs what need not be looked at first. */
  private async repairAtOnce(): Promise<void> {
    const began = this.port.now();
    // What the last one did is told by the look after it.
    if (this.undertaken !== undefined) return;
    if (this.settings.mode !== 'repair' || !isRepairedAtOnce(this.schedule, began)) return;
    const open = [...this.open.values()].map(({ effect }) => effect);
    if (open.some(({ repairable }) => repairable) || !this.attempts.isFree(began)) return;
    // A link that came or went before lost no rule.
    const first = this.changes.beganAt() ?? this.schedule.unjudged?.first ?? began;
    this.changes.repairs();
    const done = await this.port.repairAtOnce().catch((error: unknown) => {
      this.notes.failed('cannot repair', error);
    });
    if (done === undefined) return;
    const by = this.changes.sinceDamage();
    const effects = this.named(await effectsUntil(done, this.notes));
    this.attempts.tried(effects, this.port.now());
    this.open = turned(this.open, [...open, ...effects], first).open;
    this.schedule = repaired(this.schedule, this.port.now(), Number.NEGATIVE_INFINITY);
    const named = by.length === 0 ? {} : { by };
    const { found, repaired: end } = done;
    this.notes.say('damage', effectsSay(effects), { effects, lasted: found - first, ...named });
    this.undertaken = { before: effects, by, done, toDetect: found - first, toRepair: end - found };
  }

  private async repairOnce(): Promise<void> {
    const began = this.port.now();
    const lost = [...this.open.values()].flatMap(({ effect }) =>
      isRepaired(this.settings.mode, effect) ? [effect] : [],
    );
    const due = this.attempts.due(lost, began);
    if ('later' in due) {
      this.schedule = heldBack(this.schedule, due.later);
      return;
    }
    try {
      const held = await this.port.held();
      this.notes.held(held);
      if (held !== undefined) {
        this.schedule = heldBack(this.schedule, began + AFTER_FAULT);
        return;
      }
      const by = this.changes.sinceDamage();
      const { first, at } = this.detected ?? { first: began, at: began };
      this.changes.repairs();
      const done = await this.port.repair();
      const now = this.port.now();
      this.attempts.tried(due.effects, now);
      this.schedule = repaired(this.schedule, now, Number.NEGATIVE_INFINITY);
      this.undertaken = { before: due.effects, by, done, toDetect: at - first, toRepair: now - at };
      await this.lookOnce();
    } catch (error) {
      this.attempts.tried(due.effects, this.port.now());
      this.notes.failed('cannot repair', error);
      this.schedule = repaired(this.schedule, this.port.now(), this.port.now() + AFTER_FAULT);
    }
  }
}
