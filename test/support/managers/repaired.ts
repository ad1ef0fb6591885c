import { difference } from '../incident/rules.ts';
import { ownLines, sorted } from '../incident/judge.ts';
import { measureAgain } from '../matrix/packets.ts';
import { differing, policiesChanged, type Deed } from './cell.ts';
import type { Change } from './managers.ts';
import { filesOf, settled, type Rest, type Site } from './site.ts';
import type { Verdict } from './table.ts';
import { spoken, without } from './unchanged.ts';

/**
 * `rulesguard run --mode repair -- CHANGE`; FORWARD's policy too, where the change touches it. Where what it starts goes on
 * by itself, a restore when that is done.
 */
export async function repaired(site: Site, rest: Rest, deed: Deed, change: Change): Promise<Verdict> {
  await rest.again();
  const { typed, until, stops } = change;
  const policies = deed.policies.length > 0 ? ' --policies' : '';
  // A restore knows of DOCKER-USER what was recorded.
  if (until !== undefined) await site.mustType('rulesguard snapshot');
  const line =
    until === undefined
      ? `rulesguard run --mode repair${policies} -- ${typed}`
      : `${typed} && { ${until}; } && rulesguard restore${policies}`;
  const { wrong, open } = await wholeAfter(site, rest, deed, change, line);
  const how = until === undefined ? policies && `, with${policies}` : `, by restore${policies}`;
  return {
    told: `${stops === undefined ? 'whole' : 'rules whole, packets stopped by its own'}${how}`,
    wrong: [...wrong, ...open],
  };
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
  const { wrong, open } = await wholeAfter(site, rest, deed, change, line);
  const changed = await filesOf(site);
  await site.mustType(`rulesguard hook remove ${target}`);
  const expected = [...without(changed, without(installed, before)), ...without(before, installed)];
  const left = without(await filesOf(site), expected);
  return {
    told: open.length === 0 ? 'whole' : 'whole, FORWARD left open',
    wrong: [...wrong, ...left.map((file) => `left behind: ${file}`)],
  };
}

/** What a line left of a site. */
interface Left {
  /** All that is not as it should be, but policies. */
  readonly wrong: readonly string[];
  /** `ipv4 DROP → ACCEPT`, where FORWARD's policy is not what it was at rest. */
  readonly open: readonly string[];
}

/**
 * Runs a line after which Docker must be whole: all of its rules once, the manager's as they are without us, packets as
 * before.
 */
export async function wholeAfter(
  site: Site,
  rest: Rest,
  deed: Deed,
  { isNotified, stops, until }: Change,
  line: string,
): Promise<Left> {
  const outcome = await site.typed(line);
  const saves = await settled(site.engine, isNotified);
  const there = ownLines(saves);
  const wanted = [...site.dockers, ...difference(ownLines(deed.saves), site.dockers)];
  const answers = stops === undefined ? await measureAgain(site.engine, site.pairs, rest.known) : rest.known;
  // Run by us, it is said when packets are still stopped.
  const exit = stops !== undefined && until === undefined ? 1 : deed.outcome.code;
  const wrong = [
    ...(outcome.code === exit ? [] : [`expected exit ${String(exit)}`]),
    ...sorted(difference(wanted, there)).map((rule) => `lacking: ${rule}`),
    ...sorted(difference(there, wanted)).map((rule) => `too much: ${rule}`),
    ...differing(site, rest.known, answers),
  ];
  return {
    wrong: wrong.length === 0 ? [] : [...wrong, spoken(outcome)],
    open: policiesChanged(rest.saves, saves),
  };
}
