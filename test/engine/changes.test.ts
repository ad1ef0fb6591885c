import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostChange } from '../support/changes/change.ts';
import { CURATED } from '../support/changes/corpus.ts';
import { changeBy } from '../support/changes/generate.ts';
import { judgeChange, type PrintedForecast } from '../support/changes/judge.ts';
import { raiseScene, type Measured, type Scene } from '../support/doctor/scene.ts';
import { createHost, type Host } from '../support/host.ts';
import { describeEngines } from '../support/incident/eras.ts';
import { moreFlows, type PrintedCell } from '../support/changes/cell-of-flow.ts';
import { dice } from '../support/trace/dice.ts';

/** The long run: every change thought of by hand, and as many by chance, on each Engine. */
const IS_CAMPAIGN = process.env['RULESGUARD_CAMPAIGN'] === '1';
/** Where the long run writes what came of each change, a line of JSON each. */
const TALLY = process.env['RULESGUARD_TALLY'];
const SEED = Number(process.env['RULESGUARD_SEED'] ?? 12);
const BY_CHANCE = Number(process.env['RULESGUARD_CHANGES'] ?? 120);

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
  return [...CURATED, ...Array.from({ length: BY_CHANCE }, () => changeBy(chance))];
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

  async function tryChange(change: HostChange): Promise<void> {
    const forecast = await printed<PrintedForecast>(['run', '-n', '--json', '--', ...change.words]);
    const { exec } = scene.engine;
    const [file, ...args] = change.words;
    const made = await exec(file, args);
    // What the tools refuse changes nothing, or half of it: only what was made is judged.
    const isMade = made.code === 0;
    const lost = new Set(forecast.verdict === 'safe' ? [] : before.map(({ flow: { name } }) => name));
    const after = await scene.measure(moreFlows(scene.places), lost);
    if (change.undo !== undefined) await exec('sh', ['-c', change.undo]);
    await scene.reload();
    await exec('sh', ['-c', 'ipset destroy 2>/dev/null']);
    const strange = await scene.strangeness();
    const verdict = judgeChange({ change, forecast, before, after }, table);
    if (TALLY !== undefined)
      appendFileSync(
        TALLY,
        `${JSON.stringify({ era, name: change.name, isMade, forecast: { ...forecast, after: undefined, reach: forecast.reach?.counts }, ...verdict, strange })}\n`,
      );
    if (strange.length > 0) {
      host.dispose();
      await scene.leave();
      await raise();
    }
    if (isMade)
      expect({ ...verdict, changed: [] }, verdict.changed.join('\n')).toEqual({
        changed: [],
        missed: [],
        refuted: [],
        isWronglyRefused: false,
      });
  }

  test.for(changesFor(era))('$name', { timeout: 180_000 }, tryChange);
});
