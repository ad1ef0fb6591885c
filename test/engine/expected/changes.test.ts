import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAgreed, expectQuiet, raiseScene, type Scene } from '../../support/expected/scene.ts';
import { describeEngines } from '../../support/incident/eras.ts';
import { addressOf } from '../../support/incident/traffic.ts';
import { network, option, publish } from '../../support/lab/build.ts';
import { ERAS } from '../../support/lab/eras.ts';
import { must } from '../../support/lab/run.ts';
import { bridges } from '../../support/lab/scenarios/bridges.ts';

interface Report {
  readonly findings: readonly { readonly kind: string; readonly rule?: string }[];
}

describeEngines('the expected rules equal what dockerd wrote', (era) => {
  let scene: Scene;
  beforeAll(async () => {
    const daemonArgs = [...ERAS[era].ipv6Args, '--live-restore'];
    scene = await raiseScene(era, { options: { daemonArgs }, build: bridges });
  });
  afterAll(() => scene.leave());

  test('for containers that were just started', async () => {
    await expectAgreed(scene);
    await expectQuiet(scene);
  });

  test('after two containers were started in the other order and swapped addresses', async () => {
    const { engine } = scene;
    const pair = ['on-app', 'peer'];
    const addresses = () => Promise.all(pair.map((name) => addressOf(engine, name)));
    const before = await addresses();
    await engine.docker(['stop', '-t', '1', ...pair]);
    await expectAgreed(scene);
    await engine.docker(['start', ...pair.toReversed()]);
    expect(await addresses()).toEqual(before.toReversed());
    await expectAgreed(scene);
    await expectQuiet(scene);
  });

  test('after one was connected to a network whose name sorts first, and another disconnected', async () => {
    const { docker } = scene.engine;
    await docker(['network', 'connect', 'alpha', 'on-app']);
    await docker(['network', 'disconnect', 'alpha', 'stayed']);
    await docker(['network', 'connect', 'six', 'on-bare']);
    await expectAgreed(scene);
  });

  test('after a network was removed and created again', async () => {
    const { engine } = scene;
    await engine.docker(['rm', '-f', 'on-closed', 'neighbour']);
    await engine.docker(['network', 'rm', 'closed', 'empty']);
    await expectAgreed(scene);
    await network(engine, 'closed', option('enable_ip_masquerade', 'false'));
    await publish(engine, 'on-closed', 'closed', ['8081:80', '127.0.0.1:8181:80']);
    await expectAgreed(scene);
  });

  test('after some were killed, restarted, renamed, unpaused', async () => {
    const { docker } = scene.engine;
    await docker(['kill', 'on-named']);
    await docker(['restart', '-t', '1', 'on-six', 'three']);
    await docker(['rename', 'on-bare6', 'renamed']);
    await docker(['unpause', 'paused']);
    await docker(['start', 'created']);
    await expectAgreed(scene);
    await expectQuiet(scene);
  });

  test('after one died while dockerd was stopped and the others ran on (live-restore)', async () => {
    const { engine, host } = scene;
    const pid = await engine.docker(['inspect', '-f', '{{.State.Pid}}', 'on-placed']);
    await engine.daemon.stop();
    await must(engine.execInside, 'sh', ['-c', `kill -9 ${pid}`]);
    await engine.daemon.start();
    await expectAgreed(scene);
    if (ERAS[era].modern) {
      await expectQuiet(scene);
      return;
    }
    // Up to 27 such a start puts the isolation above DOCKER-USER, where an ACCEPT of the user's comes too late.
    const { stdout } = await host.run(['check', '--source', 'engine', '--json'], 1);
    const { findings } = JSON.parse(stdout) as Report;
    expect([...new Set(findings.map(({ kind, rule }) => `${kind} ${rule ?? ''}`))]).toEqual([
      'misplaced -A FORWARD -j DOCKER-ISOLATION-STAGE-1',
    ]);
    await host.run(['restore', '--source', 'engine']);
    await expectAgreed(scene);
    await expectQuiet(scene);
  });
});
