import { difference, type Saves } from '../incident/rules.ts';
import { ownLines, sorted } from '../incident/judge.ts';
import { measureAgain } from '../matrix/packets.ts';
import type { Outcome } from '../netns.ts';
import { differing, rulesOf, type Deed } from './cell.ts';
import type { Change } from './managers.ts';
import { filesOf, plain, rulesNow, settled, type Rest, type Site } from './site.ts';
import type { Verdict } from './table.ts';

/** What `rulesguard run --dry-run --json` prints. */
interface Forecast {
  readonly verdict: 'safe' | 'hurts' | 'unknown';
  readonly after: Saves | null;
}

/** What there is to say of a change before it is made. */
export const expectedOf = ({ hurts, rehearsal }: Change): Forecast['verdict'] =>
  rehearsal === 'cannot tell' ? 'unknown' : hurts ? 'hurts' : 'safe';

const EXITS: Readonly<Record<Forecast['verdict'], number>> = { safe: 0, hurts: 1, unknown: 3 };

const spoken = ({ code, stdout, stderr }: Outcome) =>
  `exit ${String(code)}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`;

/** Runs something that must change neither rules nor files. @returns what is wrong, of `act` too */
async function unchanged(site: Site, act: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const [rules, files] = [rulesOf(await rulesNow(site.engine)), await filesOf(site)];
  const wrong = await act();
  const now = rulesOf(await rulesNow(site.engine));
  return [
    ...wrong,
    ...(now.join('\n') === rules.join('\n') ? [] : ['it changed rules']),
    ...changedFiles(files, await filesOf(site)),
  ];
}

const without = (files: readonly string[], others: readonly string[]) =>
  files.filter((file) => !others.includes(file));

const changedFiles = (before: readonly string[], after: readonly string[]) => [
  ...without(after, before).map((file) => `new: ${file}`),
  ...without(before, after).map((file) => `gone: ${file}`),
];

/** Rules without counters get some: what reads them reads what `save -c` prints. */
const counted = ({ ipv4, ipv6 }: Saves): Saves => ({
  ipv4: ipv4.replace(/^-A/gm, '[0:0] -A'),
  ipv6: ipv6.replace(/^-A/gm, '[0:0] -A'),
});

/** What differs between what was foretold and what then happened. */
function untruth({ after }: Forecast, { saves }: Deed): readonly string[] {
  if (after === null) return ['no rules were foretold'];
  const [foretold, happened] = [rulesOf(counted(plain(after))), rulesOf(saves)];
  return [
    ...foretold.filter((rule) => !happened.includes(rule)).map((rule) => `foretold only: ${rule}`),
    ...happened.filter((rule) => !foretold.includes(rule)).map((rule) => `happened only: ${rule}`),
    ...(foretold.join('\n') === happened.join('\n') ? [] : ['in another order, or another number of copies']),
  ];
}

/** Asks what a change would do, and holds the answer against what it did. */
export async function rehearsed(site: Site, rest: Rest, deed: Deed, change: Change): Promise<Verdict> {
  await rest.again();
  const expected = expectedOf(change);
  const wrong = await unchanged(site, async () => {
    const outcome = await site.typed(`rulesguard run --dry-run --json -- ${change.typed}`);
    if (![0, 1, 3].includes(outcome.code)) return [spoken(outcome)];
    const forecast = JSON.parse(outcome.stdout) as Forecast;
    if (forecast.verdict !== expected || outcome.code !== EXITS[expected])
      return [`expected ${expected}: ${spoken(outcome)}`];
    return expected === 'unknown' ? [] : untruth(forecast, deed);
  });
  return { told: expected === 'unknown' ? 'cannot tell' : `${expected}, rule for rule`, wrong };
}

/** `rulesguard run -- CHANGE`: run only where it is known not to hurt. */
export async function run(site: Site, rest: Rest, deed: Deed, change: Change): Promise<Verdict> {
  await rest.again();
  const line = `rulesguard run -- ${change.typed}`;
  const expected = expectedOf(change);
  if (expected === 'safe')
    return { told: 'let through', wrong: await wholeAfter(site, rest, deed, change, line) };
  const wrong = await unchanged(site, async () => {
    const outcome = await site.typed(line);
    return outcome.code === EXITS[expected]
      ? []
      : [`expected ${String(EXITS[expected])}: ${spoken(outcome)}`];
  });
  return { told: `refused, exit ${String(EXITS[expected])}`, wrong };
}

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
async function wholeAfter(
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
