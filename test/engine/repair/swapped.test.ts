import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHost, type Host } from '../../support/host.ts';
import { describeEngines } from '../../support/incident/eras.ts';
import { sorted } from '../../support/incident/judge.ts';
import { isBuiltinChain, linesOf, savesOf } from '../../support/incident/rules.ts';
import { addressOf } from '../../support/incident/traffic.ts';
import { container, network } from '../../support/lab/build.ts';
import { startEngine, type Engine } from '../../support/lab/engine.ts';
import { httpProbe } from '../../support/lab/probe.ts';
import { must } from '../../support/lab/run.ts';
import { CLIENT, HOST } from '../../support/lab/wire.ts';

/** Each listens on a port of its own: a translation to the other one's address finds nobody there. */
const PAIR = [
  { name: 'one', published: 8101, port: 7001 },
  { name: 'two', published: 8102, port: 7002 },
] as const;

describeEngines('two containers that swapped addresses since the snapshot', (era) => {
  let engine: Engine;
  let host: Host;
  let before: readonly string[];
  let after: readonly string[];

  const rules = async () => sorted(linesOf(await savesOf(engine)).filter((line) => !isBuiltinChain(line)));
  const answers = () => Promise.all(PAIR.map(({ published }) => httpProbe(engine, HOST.ipv4, published)));
  const reached = [CLIENT.ipv4, CLIENT.ipv4];

  beforeAll(async () => {
    engine = await startEngine({ era });
    host = createHost(engine);
    await network(engine, 'front');
    for (const { name, published, port } of PAIR)
      await container(
        engine,
        name,
        ['--network', 'front', '-p', `${String(published)}:${String(port)}`],
        [`${String(port)}/tcp`],
      );
    await host.run(['snapshot']);
    before = await rules();
    const addresses = () => Promise.all(PAIR.map(({ name }) => addressOf(engine, name)));
    const old = await addresses();
    await engine.docker(['stop', '-t', '1', 'one', 'two']);
    await engine.docker(['start', 'two', 'one']);
    expect(await addresses()).toEqual(old.toReversed());
    after = await rules();
    expect(await answers()).toEqual(reached);
  });
  afterAll(async () => {
    host.dispose();
    await engine.stop();
  });

  test('the recorded rules are stale, not damage, and the reasons name the containers', async () => {
    const { stdout } = await host.run(['check', '--json']);
    const { findings } = JSON.parse(stdout) as {
      readonly findings: readonly {
        kind: string;
        family: string;
        table: string;
        rule: string;
        consequence: string;
      }[];
    };
    const stale = findings.map(({ family, table, rule }) => `${family} ${table} ${rule}`).toSorted();
    expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['stale']));
    expect(stale).toEqual(before.filter((key) => !after.includes(key)));
    for (const { consequence } of findings) expect(consequence).toMatch(/container (one|two)\b/);
  });

  test.each(['both', 'engine'])(
    'after iptables -t nat -F, restore --source %s writes the rules for today’s addresses',
    async (source) => {
      await must(engine.execInside, 'iptables', ['-t', 'nat', '-F']);
      const { stdout } = await host.run(['restore', '--source', source]);
      expect(await rules()).toEqual(after);
      expect(await answers()).toEqual(reached);
      const leftOut = stdout.split('\n').filter((line) => line.startsWith('left out'));
      if (source === 'engine') {
        expect(leftOut).toEqual([]);
        return;
      }
      expect(leftOut).toHaveLength(before.filter((key) => !after.includes(key)).length);
      for (const { name, published } of PAIR) {
        const now = await addressOf(engine, name);
        expect(leftOut.filter((line) => line.includes(`--dport ${String(published)} -j DNAT`))).toEqual([
          expect.stringMatching(
            new RegExp(`: ${String(published)}/tcp is published by container ${name}, which now has ${now}$`),
          ) as string,
        ]);
      }
    },
  );

  test('--source baseline restores only recorded rules that are still valid', async () => {
    await must(engine.execInside, 'iptables', ['-t', 'nat', '-F']);
    await host.run(['restore', '--source', 'baseline', '--assume-unchanged']);
    expect(await rules()).toEqual(
      after.filter((key) => before.includes(key) || !key.startsWith('ipv4 nat ')),
    );
    expect((await host.run(['check', '--source', 'baseline'])).stdout).toMatch(/^INTACT/);
    await host.run(['check'], 1);
    await host.run(['restore']);
    expect(await rules()).toEqual(after);
    await host.run(['check']);
  });
});
