import { difference } from '../incident/rules.ts';
import { ownLines, sorted } from '../incident/judge.ts';
import { measureAgain } from '../matrix/packets.ts';
import { differing, type Deed } from './cell.ts';
import type { Change } from './managers.ts';
import { filesOf, settled, type Rest, type Site } from './site.ts';
import type { Verdict } from './table.ts';
import { spoken, without } from './unchanged.ts';

/** `rulesguard run --mode repair -- CHANGE`; where what it starts goes on by itself, a restore when that is done. */
export async function repaired(site: Site, rest: Rest, deed: Deed, change: Change): Promise<Verdict> {
  await rest.again();
  if (change.until === undefined) {
    const wrong = await wholeAfter(
      site,
      rest,
      deed,
      change,
      `rulesguard run --mode repair -- ${change.typed}`,
    );
    return { told: 'whole', wrong };
  }
  const line = `${change.typed} && { ${change.until}; } && rulesguard restore`;
  return { told: 'whole, by restore', wrong: await wholeAfter(site, rest, deed, change, line) };
}

/** Until dockerd and then the hook have done what they do when they hear of a reload. */
const HEARD = 'sleep 5';

/** The manager's own command with the hook installed; removed again, the hook leaves no file behind. */
export async function hooked(site: Site, rest: Rest, deed: Deed, change: Change): Promise<Verdict> {
  await rest.again();
  const { target = '', typed = change.typed, beside } = change.hook ?? {};
  // What nothing calls beforehand has to have been recorded before.
  if (beside !== undefined) await site.mustType('rulesguard snapshot');
  const before = await filesOf(site);
  await site.mustType(`rulesguard hook install ${target}`);
  const installed = await filesOf(site);
  const line =
    beside === undefined
      ? typed
      : `setsid ${beside} >/lab/beside.log 2>&1 & ${HEARD}; ${typed} && ${HEARD}; kill -- -$!`;
  const wrong = await wholeAfter(site, rest, deed, change, line);
  const changed = await filesOf(site);
  await site.mustType(`rulesguard hook remove ${target}`);
  const expected = [...without(changed, without(installed, before)), ...without(before, installed)];
  const left = without(await filesOf(site), expected);
  return { told: 'whole', wrong: [...wrong, ...left.map((file) => `left behind: ${file}`)] };
}

/**
 * Runs a line after which Docker must be whole: all of its rules once, the manager's as they are without us, packets as
 * before. @returns what is wrong
 */
export async function wholeAfter(
  site: Site,
  rest: Rest,
  deed: Deed,
  { isHeard }: Change,
  line: string,
): Promise<readonly string[]> {
  const outcome = await site.typed(line);
  const there = ownLines(await settled(site.engine, isHeard));
  const wanted = [...site.dockers, ...difference(ownLines(deed.saves), site.dockers)];
  const answers = await measureAgain(site.engine, site.pairs, rest.known);
  const wrong = [
    ...(outcome.code === deed.outcome.code ? [] : [`it exits ${String(deed.outcome.code)} without us`]),
    ...sorted(difference(wanted, there)).map((rule) => `lacking: ${rule}`),
    ...sorted(difference(there, wanted)).map((rule) => `too much: ${rule}`),
    ...differing(site, rest.known, answers),
  ];
  return wrong.length === 0 ? [] : [...wrong, spoken(outcome)];
}
