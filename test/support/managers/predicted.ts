import type { Saves } from '../incident/rules.ts';
import { rulesOf, type Deed } from './cell.ts';
import type { Change } from './managers.ts';
import { wholeAfter } from './repaired.ts';
import { plain, type Rest, type Site } from './site.ts';
import type { Verdict } from './table.ts';
import { spoken, unchanged } from './unchanged.ts';

/** What `rulesguard run --dry-run --json` prints. */
interface Forecast {
  readonly verdict: 'safe' | 'would-break' | 'unknown';
  /** Why not all is known. */
  readonly reason: string | null;
  readonly after: Saves | null;
}

/** What may be said of a change before it is made. Of one that cannot be rehearsed, so much may show that it hurts. */
const allowedOf = ({ hurts, rehearsal }: Change): readonly Forecast['verdict'][] =>
  rehearsal === 'cannot tell'
    ? hurts
      ? ['unknown', 'would-break']
      : ['unknown']
    : [hurts ? 'would-break' : 'safe'];

const EXITS: Readonly<Record<Forecast['verdict'], number>> = { safe: 0, 'would-break': 1, unknown: 3 };

/** Rules without counters get some: what reads them reads what `save -c` prints. */
const counted = ({ ipv4, ipv6 }: Saves): Saves => ({
  ipv4: ipv4.replace(/^-A/gm, '[0:0] -A'),
  ipv6: ipv6.replace(/^-A/gm, '[0:0] -A'),
});

/** What differs between what was predicted and what then happened. */
function untruth({ after }: Forecast, { saves }: Deed): readonly string[] {
  if (after === null) return ['no rules were predicted'];
  const [predicted, happened] = [rulesOf(counted(plain(after))), rulesOf(saves)];
  return [
    ...predicted.filter((rule) => !happened.includes(rule)).map((rule) => `predicted only: ${rule}`),
    ...happened.filter((rule) => !predicted.includes(rule)).map((rule) => `happened only: ${rule}`),
    ...(predicted.join('\n') === happened.join('\n')
      ? []
      : ['in another order, or another number of copies']),
  ];
}

/** Asks what a change would do, and holds the answer against what it did. */
export async function rehearsed(site: Site, rest: Rest, deed: Deed, change: Change): Promise<Verdict> {
  await rest.again();
  let told = '';
  const wrong = await unchanged(site, async () => {
    const outcome = await site.typed(`rulesguard run --dry-run --json -- ${change.typed}`);
    if (![0, 1, 3].includes(outcome.code)) return [spoken(outcome)];
    const forecast = JSON.parse(outcome.stdout) as Forecast;
    const { verdict, reason } = forecast;
    if (!allowedOf(change).includes(verdict) || outcome.code !== EXITS[verdict])
      return [`expected ${allowedOf(change).join(' or ')}: ${spoken(outcome)}`];
    told = verdict === 'unknown' ? 'cannot tell' : verdict;
    if (change.rehearsal === 'cannot tell') return reason === null ? ['it gives no reason'] : [];
    told += ', rule for rule';
    return untruth(forecast, deed);
  });
  return { told, wrong };
}

/** `rulesguard run -- CHANGE`: run only where it is known not to hurt. */
export async function run(site: Site, rest: Rest, deed: Deed, change: Change): Promise<Verdict> {
  await rest.again();
  const line = `rulesguard run -- ${change.typed}`;
  if (allowedOf(change).includes('safe')) {
    const { wrong, open } = await wholeAfter(site, rest, deed, change, line);
    return { told: 'let through', wrong: [...wrong, ...open] };
  }
  let told = '';
  const wrong = await unchanged(site, async () => {
    const outcome = await site.typed(line);
    told = `refused, exit ${String(outcome.code)}`;
    const exits = allowedOf(change).map((verdict) => EXITS[verdict]);
    return exits.includes(outcome.code) ? [] : [`expected exit ${exits.join(' or ')}: ${spoken(outcome)}`];
  });
  return { told, wrong };
}
