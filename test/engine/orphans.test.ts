import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHost, type Host } from '../support/host.ts';
import { describeEngines } from '../support/incident/eras.ts';
import { sorted } from '../support/incident/judge.ts';
import { recordedRules } from '../support/incident/recorded.ts';
import {
  difference,
  isBuiltinChain,
  isRule,
  linesOf,
  savesOf,
  type Line,
} from '../support/incident/rules.ts';
import { startSecond } from '../support/incident/second.ts';
import { network, publish } from '../support/lab/build.ts';
import { startEngine, type Engine } from '../support/lab/engine.ts';
import { httpProbe } from '../support/lab/probe.ts';
import { must } from '../support/lab/run.ts';
import { CLIENT, HOST } from '../support/lab/wire.ts';

interface Finding {
  readonly kind: string;
  readonly family: string;
  readonly table: string;
  readonly rule?: string;
}

describeEngines('what a failed docker network create leaves behind', (era) => {
  let engine: Engine;
  let host: Host;
  let golden: readonly Line[];
  let litter: readonly Line[];

  const lines = async () => linesOf(await savesOf(engine)).filter((line) => !isBuiltinChain(line));

  /** The rules that `check` calls by this kind, as `keyOf` spells them. */
  async function told(kind: string, exit: number): Promise<readonly string[]> {
    const { stdout } = await host.run(['check', '--json'], exit);
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    return findings
      .filter((finding) => finding.kind === kind)
      .map(({ family, table, rule = '' }) => `${family} ${table} ${rule}`)
      .toSorted();
  }

  beforeAll(async () => {
    engine = await startEngine({ era });
    host = createHost(engine);
    await network(engine, 'front');
    await publish(engine, 'web', 'front', ['8080:80']);
    golden = await lines();
    await host.run(['snapshot']);
    for (const words of ['-F', '-X', '-t nat -F'])
      await must(engine.execInside, 'iptables', words.split(' '));
    for (const name of ['left', 'left-again'])
      expect((await engine.execInside('docker', ['network', 'create', name])).code).not.toBe(0);
    litter = difference(await lines(), golden).filter(isRule);
  });
  afterAll(async () => {
    host.dispose();
    await engine.stop();
  });

  test('is told as orphaned; it is not taken away, and all else comes back', async () => {
    // Each try leaves one.
    expect(litter.filter(({ text }) => text.endsWith('-j MASQUERADE'))).toHaveLength(2);
    expect(await told('orphan', 1)).toEqual(sorted(litter));
    await host.run(['restore']);
    expect(sorted(await lines())).toEqual(sorted([...golden, ...litter]));
    expect(await told('orphan', 0)).toEqual(sorted(litter));
    expect((await host.run(['check'])).stdout).toMatch(
      /left behind by Docker, kept as it is: the Engine has no/,
    );
  });

  test('may be a second Engine’s, while one works in the same namespace: told as extra, and none of its rules are touched', async () => {
    const second = await startSecond(engine);
    try {
      await second.docker(['network', 'create', 'theirs']);
      await second.docker(['run', '-d', '--network', 'theirs', '-p', '8090:80', 'lab']);
      const shared = await lines();
      const theirs = difference(shared, [...golden, ...litter]).filter(isRule);
      expect(theirs.some(({ text }) => text.includes('--dport 8090 -j DNAT'))).toBe(true);

      // Its start empties chains of the first one's: that is damage, and is mended around what is its own.
      expect(await told('orphan', 1)).toEqual([]);
      expect(await told('extra', 1)).toEqual(sorted([...theirs, ...litter.filter(standsIn(shared))]));
      await host.run(['restore']);
      const mended = await lines();
      expect(difference(shared, mended)).toEqual([]);
      expect(difference(golden, mended)).toEqual([]);
      expect(await told('orphan', 0)).toEqual([]);
      for (const port of [8080, 8090]) expect(await httpProbe(engine, HOST.ipv4, port)).toBe(CLIENT.ipv4);
    } finally {
      await second.stop();
    }
    expect(await told('orphan', 0)).toEqual(
      expect.arrayContaining(sorted(litter.filter(standsIn(await lines())))),
    );
  });

  test('is not recorded, and does not come back once it is gone', async () => {
    await host.run(['snapshot']);
    const keys = new Set(sorted(litter));
    expect(recordedRules(host).filter((rule) => keys.has(rule))).toEqual([]);
    await must(engine.execInside, 'iptables', ['-t', 'nat', '-F']);
    await host.run(['restore']);
    const now = await lines();
    expect(difference(golden, now)).toEqual([]);
    expect(sorted(litter.filter(({ table }) => table === 'nat').filter(standsIn(now)))).toEqual([]);
  });
});

const standsIn =
  (lines: readonly Line[]) =>
  (line: Line): boolean =>
    difference([line], lines).length === 0;
