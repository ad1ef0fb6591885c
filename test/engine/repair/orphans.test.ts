import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHost, type Host } from '../../support/host.ts';
import { describeEngines } from '../../support/incident/eras.ts';
import { sorted } from '../../support/incident/judge.ts';
import { recordedRules } from '../../support/incident/recorded.ts';
import {
  difference,
  isBuiltinChain,
  isRule,
  linesOf,
  savesOf,
  type Line,
} from '../../support/incident/rules.ts';
import { startSecond } from '../../support/incident/second.ts';
import { network, publish } from '../../support/lab/build.ts';
import { startEngine, type Engine } from '../../support/lab/engine.ts';
import { ERAS } from '../../support/lab/eras.ts';
import { httpProbe } from '../../support/lab/probe.ts';
import { must } from '../../support/lab/run.ts';
import { CLIENT, HOST } from '../../support/lab/wire.ts';

interface Finding {
  readonly kind: string;
  readonly family: string;
  readonly table: string;
  readonly rule?: string;
}

describeEngines('the leftover rules of a failed docker network create', (era) => {
  let engine: Engine;
  let host: Host;
  let golden: readonly Line[];
  let leftovers: readonly Line[];

  const lines = async () => linesOf(await savesOf(engine)).filter((line) => !isBuiltinChain(line));

  /** The rules of the findings of one kind, as `keyOf` spells them. */
  async function reported(kind: string, exit: number): Promise<readonly string[]> {
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
    leftovers = difference(await lines(), golden).filter(isRule);
  });
  afterAll(async () => {
    host.dispose();
    await engine.stop();
  });

  test('are reported as orphan and left as they are, and everything else is restored', async () => {
    const { stdout } = await engine.execInside('ip', ['-o', 'link', 'show', 'type', 'bridge']);
    // The bridges of docker0 and front, and those that the two attempts left.
    expect(stdout.trim().split('\n')).toHaveLength(ERAS[era].failedCreateLeavesBridge ? 4 : 2);
    // Each attempt leaves one.
    expect(leftovers.filter(({ text }) => text.endsWith('-j MASQUERADE'))).toHaveLength(2);
    expect(await reported('orphan', 1)).toEqual(sorted(leftovers));
    await host.run(['restore']);
    expect(sorted(await lines())).toEqual(sorted([...golden, ...leftovers]));
    expect(await reported('orphan', 0)).toEqual(sorted(leftovers));
    expect((await host.run(['check'])).stdout).toMatch(/leftover of Docker's; left as is: the Engine has no/);
  });

  test('are reported as extra while a second Engine runs in the same namespace, and its rules are not touched', async () => {
    const second = await startSecond(engine);
    try {
      await second.docker(['network', 'create', 'theirs']);
      await second.docker(['run', '-d', '--network', 'theirs', '-p', '8090:80', 'lab']);
      const shared = await lines();
      const theirs = difference(shared, [...golden, ...leftovers]).filter(isRule);
      expect(theirs.some(({ text }) => text.includes('--dport 8090 -j DNAT'))).toBe(true);

      // Its start empties chains of the first one's: that is damage, and is repaired around the second one's rules.
      const left = sorted(leftovers.filter(isAmong(shared)));
      // A rule whose bridge does not exist cannot be a second Engine's.
      const certain = ERAS[era].failedCreateLeavesBridge ? [] : left;
      expect(await reported('orphan', 1)).toEqual(certain);
      expect(await reported('extra', 1)).toEqual(
        [...sorted(theirs), ...(certain.length === 0 ? left : [])].toSorted(),
      );
      await host.run(['restore']);
      const repaired = await lines();
      expect(difference(shared, repaired)).toEqual([]);
      expect(difference(golden, repaired)).toEqual([]);
      expect(await reported('orphan', 0)).toEqual(certain);
      for (const port of [8080, 8090]) expect(await httpProbe(engine, HOST.ipv4, port)).toBe(CLIENT.ipv4);
    } finally {
      await second.stop();
    }
    expect(await reported('orphan', 0)).toEqual(
      expect.arrayContaining(sorted(leftovers.filter(isAmong(await lines())))),
    );
  });

  test('are not recorded, and are not restored once they are gone', async () => {
    await host.run(['snapshot']);
    const keys = new Set(sorted(leftovers));
    expect(recordedRules(host).filter((rule) => keys.has(rule))).toEqual([]);
    await must(engine.execInside, 'iptables', ['-t', 'nat', '-F']);
    await host.run(['restore']);
    const now = await lines();
    expect(difference(golden, now)).toEqual([]);
    expect(sorted(leftovers.filter(({ table }) => table === 'nat').filter(isAmong(now)))).toEqual([]);
  });
});

const isAmong =
  (lines: readonly Line[]) =>
  (line: Line): boolean =>
    difference([line], lines).length === 0;
