import type { NotedEffect } from '../../../watch/event.ts';
import { onCommand, settingsIn, type HostLack } from '../../../watch/host-lacks.ts';
import type { Seen } from '../../../watch/seen.ts';
import type { Notes } from '../notes.ts';
import type { WatchPort, WatchSettings } from '../ports.ts';

/** Whoever switches a setting off again is not raced: milliseconds between two repairs. */
const AGAIN = 60_000;

/**
 * What Docker needs of the host itself: settings of the kernel, links and routes. Doctor is asked, since it knows what is needed and which command
 * is harmless; that takes longer than a look, so only where one found what no restore repairs, or a setting was switched off.
 */
export class HostNeeds {
  private readonly port: Pick<WatchPort, 'lacks' | 'switchOn' | 'held' | 'now'>;
  private readonly settings: Pick<WatchSettings, 'settings'>;
  private readonly notes: Notes;
  private isDue = false;
  private told: ReadonlySet<string> = new Set();
  private notBefore = Number.NEGATIVE_INFINITY;

  constructor(
    port: Pick<WatchPort, 'lacks' | 'switchOn' | 'held' | 'now'>,
    settings: Pick<WatchSettings, 'settings'>,
    notes: Notes,
  ) {
    [this.port, this.settings, this.notes] = [port, settings, notes];
  }

  /** Something was seen. */
  saw(what: Seen): void {
    if (what.kind === 'setting' && what.to === '0') this.isDue = true;
  }

  /**
   * A look has ended.
   *
   * @param effects - what differs
   * @param began - what of it is new
   */
  async looked(effects: readonly NotedEffect[], began: readonly NotedEffect[]): Promise<void> {
    const isOther = ({ cause }: NotedEffect): boolean => cause !== 'lost';
    if (!effects.some(isOther)) this.told = new Set();
    this.isDue ||= began.some(isOther);
    // While rules are lost doctor offers nothing: it might open what they close.
    if (!this.isDue || !effects.every(isOther)) return;
    try {
      const lacks = await this.port.lacks();
      this.tell(lacks);
      this.isDue = !(await this.repaired(lacks));
    } catch (error) {
      this.notes.failed('cannot see to what Docker needs of this host', error);
    }
  }

  private tell(lacks: readonly HostLack[]): void {
    for (const { says, commands } of lacks) {
      if (this.told.has(says)) continue;
      this.notes.say('host', [says, commands.join('; ')].filter(Boolean).join(': '));
    }
    this.told = new Set(lacks.map(({ says }) => says));
  }

  /** @returns whether nothing is left that a later look should see to */
  private async repaired(lacks: readonly HostLack[]): Promise<boolean> {
    const names = settingsIn(lacks);
    if (names.length === 0 || this.settings.settings !== 'repair') return true;
    if (this.port.now() < this.notBefore) return false;
    const held = await this.port.held();
    this.notes.held(held);
    if (held !== undefined) return false;
    this.notBefore = this.port.now() + AGAIN;
    const on = await this.port.switchOn(names);
    if (on.length > 0)
      this.notes.say('repaired', `switched on again: ${on.map((name) => onCommand(name)).join('; ')}`);
    return true;
  }
}
