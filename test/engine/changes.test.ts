import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostChange } from '../support/changes/change.ts';
import { adviceOf, follow, isAdviceTried, type Followed } from '../support/changes/advice.ts';
import { CURATED } from '../support/changes/corpus.ts';
import { changeBy } from '../support/changes/generate.ts';
import {
  judgeChange,
  toldFlows,
  type ChangeVerdict,
  type PrintedForecast,
} from '../support/changes/judge.ts';
import { raiseScene, type Measured, type Scene } from '../support/doctor/scene.ts';
import { createHost, type Host } from '../support/host.ts';
import { describeEngines } from '../support/incident/eras.ts';
import { moreFlows, type PrintedCell } from '../support/changes/cell-of-flow.ts';
import { dice } from '../support/trace/dice.ts';
import { IS_CAMPAIGN } from '../support/incident/share.ts';

/** Where the long run writes what came of each change, a line of JSON each. */
const TALLY = process.env['RULESGUARD_TALLY'];
const SEED = Number(process.env['RULESGUARD_SEED'] ?? 12);
const BY_CHANCE = Number(process.env['RULESGUARD_CHANGES'] ?? 120);

/** `0/2`: of the long run the first half. */
const PART = (process.env['RULESGUARD_PART'] ?? '').split('/').filter(Boolean).map(Number);

const NOTHING_SEEN: ChangeVerdict = {
  changed: [],
  worse: [],
  missed: [],
  refuted: [],
  isWronglyRefused: false,
};

/** Of a usual run: one of each kind, on each Engine others. */
const SAMPLE: Readonly<Record<string, readonly string[]>> = {
  '20.10': ['iptables -P FORWARD ACCEPT', 'ufw is enabled'],
  '26.1': ['sysctl -qw net.ipv4.ip_forward=0', 'ip route add 10.99.0.0/16 via 192.0.2.2'],
  '28.5': [
    'iptables -I DOCKER-USER -j DROP',
    'a set of ipset that closes the door',
    'iptables -I FORWARD -j ACCEPT',
  ],
  '29.7': ['nft: a forward chain that drops by interface'],
};

function changesFor(era: string): readonly HostChange[] {
  if (!IS_CAMPAIGN) return CURATED.filter(({ name }) => SAMPLE[era]?.includes(name) === true);
  const chance = dice(SEED * 1000 + Math.round(Number(era) * 10));
  const thrown = Array.from({ length: BY_CHANCE }, () => changeBy(chance));
  // Both kinds from the beginning: a run that is cut short has tried some of each.
  const all = CURATED.flatMap((change, i) => [change, ...thrown.slice(i, i + 1)]);
  const [part = 0, parts = 1] = PART;
  return [...all, ...thrown.slice(CURATED.length)].filter((_, i) => i % parts === part);
}

describeEngines('what run says of a change, against what packets then do', (era) => {
  let scene: Scene;
  let host: Host;
  let before: readonly Measured[];
  let table: readonly PrintedCell[];

  const printed = async <Document>(args: readonly string[]): Promise<Document> => {
    const { stdout, stderr } = await host.attempt(args);
    if (!stdout.startsWith('{')) throw new Error(stderr);
    // Programs' output comes byte by byte.
    return JSON.parse(Buffer.from(stdout, 'latin1').toString()) as Document;
  };

  const raise = async (): Promise<void> => {
    scene = await raiseScene(era);
    // A change is rehearsed with the same tools as it is then made with: the shims of the lab lead out of a sandbox.
    host = createHost({ ...scene.engine, suitePath: '/usr/sbin' });
    before = await scene.measure(moreFlows(scene.places));
    table = (await printed<{ cells: readonly PrintedCell[] }>(['reach', '--json', '--all'])).cells;
  };
  beforeAll(raise);
  afterAll(async () => {
    host.dispose();
    await scene.leave();
  });

  /** The machine as it was before the change. @returns what is not */
  async function takeBack({ undo, words: [program], candidate }: HostChange): Promise<readonly string[]> {
    const { exec } = scene.engine;
    // Whatever a plain command of iptables does is gone with all rules: to look costs more than the rest.
    if (/^ip6?tables$/.test(program) && candidate === undefined) {
      await scene.reload();
      return [];
    }
    if (undo !== undefined) await exec('sh', ['-c', undo]);
    await scene.reload();
    await exec('sh', ['-c', 'ipset destroy 2>/dev/null']);
    return scene.strangeness();
  }

  const write = (text: string): string => {
    const file = path.join(host.stateDir, '..', 'candidate');
    writeFileSync(file, text, { mode: 0o755 });
    return file;
  };

  /** Asks every way, and once more where packets disagree with what was said: a busy machine answers late. */
  async function judgeNow(change: HostChange, forecast: PrintedForecast): Promise<ChangeVerdict> {
    const flows = before.map(({ flow }) => flow);
    let lost = toldFlows(flows, forecast, table);
    for (let attempt = 0; ; attempt++) {
      const after = await scene.measure(moreFlows(scene.places), lost);
      const verdict = judgeChange({ change, forecast, before, after }, table);
      if (attempt > 0 || verdict.missed.length + verdict.refuted.length === 0) return verdict;
      lost = new Set();
    }
  }

  async function tryChange(change: HostChange): Promise<void> {
    const { candidate } = change;
    const asked =
      candidate === undefined
        ? ['run', '-n', '--json', '--', ...change.words]
        : ['check', '--candidate', write(candidate), '--json'];
    const forecast = await printed<PrintedForecast>(asked);
    const { exec } = scene.engine;
    const [file, ...args] = forecast.command;
    const made = await exec(file, args);
    // What the tools refuse changes nothing, or half of it: only what was made is judged.
    const isMade = made.code === 0;
    // No Engine's rules stand in the way of a table of its own: what nft refuses is written wrongly here.
    if (file === 'nft' && CURATED.includes(change)) expect(made).toMatchObject({ code: 0, stderr: '' });
    const judged = isMade ? await judgeNow(change, forecast) : NOTHING_SEEN;
    let strange = await takeBack(change);
    const advice =
      isMade && strange.length === 0 && isAdviceTried(era, change) ? adviceOf(forecast) : undefined;
    let followed: Followed | undefined;
    if (advice !== undefined) {
      const was = new Map(before.map(({ flow: { name }, answer }) => [name, answer]));
      const measure = () => scene.measure(moreFlows(scene.places));
      followed = await follow(advice, { host, measure }, was, new Set(judged.worse));
      strange = await takeBack(change);
    }
    if (TALLY !== undefined)
      appendFileSync(
        TALLY,
        `${JSON.stringify({ era, name: change.name, isMade, forecast: { ...forecast, after: undefined, reach: forecast.reach?.counts }, ...judged, followed, strange })}\n`,
      );
    if (strange.length > 0) {
      host.dispose();
      await scene.leave();
      await raise();
    }
    if (isMade)
      expect(
        { ...judged, changed: [], worse: [], wrong: followed?.wrong ?? [] },
        judged.changed.join('\n'),
      ).toEqual({
        changed: [],
        worse: [],
        missed: [],
        refuted: [],
        isWronglyRefused: false,
        wrong: [],
      });
  }

  test.for(changesFor(era))('$name', { timeout: 180_000 }, tryChange);
});
