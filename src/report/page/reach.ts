import type { Effect } from '../../reach/cell.ts';
import type { JudgedTable } from '../../reach/judge/judge.ts';
import type { Acceptance } from '../../reconcile/accept/acceptance.ts';
import { markedCell } from '../../reconcile/accept/covers.ts';
import { toldGroups, type ToldGroup } from '../reach/groups.ts';
import { count } from '../text.ts';
import { html, type Html } from './html.ts';

/** Who reaches what, as the page tells it: texts alone, so that they can be masked. */
export interface ReachSummary {
  /** How many ways have each effect; what was accepted is counted apart. */
  readonly counts: Readonly<Record<Effect | 'accepted', number>>;
  /** How many ways Docker means something about. */
  readonly promised: number;
  readonly groups: readonly ToldGroup[];
}

/**
 * A judged table as the page tells it.
 *
 * @param covering - what was accepted and still holds, by what it covers
 */
export function reachSummary(
  { cells, counts, promised }: JudgedTable,
  covering: ReadonlyMap<string, Acceptance> = new Map(),
): ReachSummary {
  const told = cells.map((cell) => markedCell(cell, covering));
  const open = { ...counts, accepted: 0 };
  for (const { effect, accepted } of told) {
    if (accepted === undefined) continue;
    open[effect]--;
    open.accepted++;
  }
  return { counts: open, promised, groups: toldGroups(told) };
}

type DifferingEffect = Exclude<Effect, 'same'> | 'accepted';

/** How an effect is called, in one word and in a few, and the tone of the page it has. */
const EFFECTS: Readonly<
  Record<DifferingEffect, { readonly word: string; readonly means: string; readonly tone: string }>
> = {
  outage: { word: 'outage', means: 'not reached, though they should be', tone: 'fail' },
  exposure: { word: 'exposure', means: 'reached, though they should not be', tone: 'fail' },
  degraded: { word: 'degraded', means: 'reached through docker-proxy alone', tone: 'warn' },
  accepted: { word: 'accepted', means: 'otherwise, and accepted for a time', tone: 'plain' },
  operator: { word: 'own rules', means: "decided by the host's own rules", tone: 'plain' },
  unknown: { word: 'unknown', means: 'cannot be told', tone: 'unknown' },
};

/** The ways that are not as Docker means them, counted and grouped by what it means for packets. */
export function reachSection(reach: ReachSummary | undefined): Html | undefined {
  if (reach === undefined) return undefined;
  const { counts, promised, groups } = reach;
  const different = (Object.keys(EFFECTS) as readonly DifferingEffect[]).filter(
    (effect) => counts[effect] > 0,
  );
  const same = promised - different.reduce((sum, effect) => sum + counts[effect], 0);
  return html`<section aria-labelledby="reach">
    <h2 id="reach">Who reaches what</h2>
    <p class="lead">
      ${count(promised, 'way')} that Docker means to be open or closed, followed in memory through everybody’s
      rules, and the answers back:
    </p>
    <ul class="tiles">
      ${tile('ok', Math.max(same, 0), 'as Docker means them')}
      ${different.map((effect) => tile(EFFECTS[effect].tone, counts[effect], EFFECTS[effect].means))}
    </ul>
    ${
      groups.length === 0
        ? undefined
        : html`<ul class="effects">
            ${groups.map(groupItem)}
          </ul>`
    }
  </section>`;
}

const tile = (tone: string, number: number, means: string): Html =>
  html`<li class="tile ${tone}"><b>${number}</b> ${means}</li>`;

/** Names that are shown at once. */
const SHOWN = 6;

function groupItem({ effect, headline, names, reasons: found, cells, accepted }: ToldGroup): Html {
  const { word, tone } = EFFECTS[accepted === undefined ? effect : 'accepted'];
  const listed = names.filter((name) => name !== '' && !headline.includes(name));
  const reasons = accepted === undefined ? found : [`until ${accepted.until}: ${accepted.reason}`, ...found];
  const [reason, ...others] = reasons;
  return html`<li class="effect ${tone}">
    <span class="chip ${tone}">${word}</span>
    <div class="body">
      <p class="what">${headline} <span class="soft small">${count(cells, 'way')}</span></p>
      ${
        reason === undefined
          ? undefined
          : html`<p class="why mono">
              ${reason}${others.length === 0 ? '' : ` … and ${String(others.length)} more`}
            </p>`
      }
      ${namesPart(listed)}
    </div>
  </li>`;
}

function namesPart(names: readonly string[]): Html | undefined {
  if (names.length === 0) return undefined;
  if (names.length <= SHOWN) return html`<p class="soft small">${names.join(', ')}</p>`;
  return html`<details class="names">
    <summary class="turn soft small">
      ${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more
    </summary>
    <p class="soft small">${names.join(', ')}</p>
  </details>`;
}
