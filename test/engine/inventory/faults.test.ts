import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEngine, describeEngines } from '../../support/incident/eras.ts';
import { startEngine, type Engine } from '../../support/lab/engine.ts';
import { must } from '../../support/lab/run.ts';
import { ask } from './ask.ts';

const inside = (engine: Engine, script: string) => must(engine.execInside, 'sh', ['-c', script]);

describeEngines('the fault when an Engine', (era) => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await startEngine({ era });
  });
  afterAll(() => engine.stop());

  test('runs in another network namespace: names its bridges and the command that leads there', async () => {
    const { fault } = await ask(engine, engine.client.exec);
    expect(fault).toMatchObject({ code: 'RG_ENGINE_ELSEWHERE', details: ['its bridges: docker0'] });
    expect(fault?.hint).toMatch(/sudo nsenter --target \S+ --net env DOCKER_HOST=unix:\/\/\S+ rulesguard/);
  });

  test('hangs: is given up after five seconds, and answers again once it continues', async () => {
    const pid = '$(cat /run/docker.pid)';
    await inside(engine, `kill -STOP ${pid}`);
    const hung = await ask(engine);
    await inside(engine, `kill -CONT ${pid}`);
    expect(hung.fault?.code).toBe('RG_ENGINE_HUNG');
    expect(hung.took).toBeGreaterThan(4900);
    expect(hung.took).toBeLessThan(7000);
    expect((await ask(engine)).fault).toBeUndefined();
  });

  test('may not be asked by this user', async () => {
    const { fault } = await ask(engine, (file, args = [], options) =>
      engine.exec('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', file, ...args], options),
    );
    expect(fault?.code).toBe('RG_ENGINE_PRIVILEGE');
  });

  test('was killed and left its socket behind', async () => {
    await inside(
      engine,
      'pid=$(cat /run/docker.pid); kill -KILL $pid; while kill -0 $pid 2>&-; do sleep 0.05; done',
    );
    expect((await ask(engine)).fault?.code).toBe('RG_ENGINE_DOWN');
    await inside(engine, 'rm -f /run/docker.pid');
    await engine.daemon.start();
    const { fault, daemons } = await ask(engine);
    expect(fault).toBeUndefined();
    expect(daemons).toMatchObject({ count: 1, facts: { iptables: true, userlandProxy: true } });
  });

  test('runs with --iptables=false', async () => {
    await engine.daemon.stop();
    await engine.daemon.start(['--iptables=false']);
    const { fault } = await ask(engine);
    expect(fault?.code).toBe('RG_ENGINE_NO_IPTABLES');
    expect(fault?.message).toContain(`Engine ${era}.`);
  });
});

describeEngines('the settings read from the dockerd process', (era) => {
  let engine: Engine;
  const CONFIG = '/etc/docker/daemon.json';

  beforeAll(async () => {
    engine = await startEngine({ era });
  });
  afterAll(() => engine.stop());

  test('come from its command line, then from its configuration file', async () => {
    await engine.daemon.stop();
    await inside(engine, `mkdir -p /etc/docker && echo '{"userland-proxy": false}' > ${CONFIG} && sleep 0.1`);
    await engine.daemon.start(['--iptables']);
    const { daemons } = await ask(engine);
    expect(daemons).toMatchObject({
      count: 1,
      facts: { userlandProxy: false, iptables: true, directRouting: false },
    });
    expect(daemons?.facts.ip6tables).toBeUndefined();
  });

  test('are unknown where the configuration file was written after the start', async () => {
    await inside(engine, `echo '{"userland-proxy": true}' > ${CONFIG}.new && mv ${CONFIG}.new ${CONFIG}`);
    const { daemons } = await ask(engine);
    expect(daemons).toMatchObject({ count: 1, facts: { iptables: true, noRaw: false } });
    expect(daemons?.facts).not.toHaveProperty('userlandProxy');
    expect(daemons?.facts).not.toHaveProperty('directRouting');
  });

  test('are unknown where the configuration file was removed since', async () => {
    await inside(engine, `rm ${CONFIG}`);
    expect((await ask(engine)).daemons?.facts).not.toHaveProperty('userlandProxy');
    await engine.daemon.stop();
    await inside(engine, 'sleep 0.1');
    await engine.daemon.start();
    expect((await ask(engine)).daemons?.facts).toMatchObject({ userlandProxy: true });
  });

  test('come from its environment and from another configuration file it was given', async () => {
    await engine.daemon.stop();
    await inside(
      engine,
      `echo '{"userland-proxy": false}' > /lab/other.json; sleep 0.1
       DOCKER_INSECURE_NO_IPTABLES_RAW=1 DOCKER_IPTABLES_SCTP_CHECKSUM=1 setsid dockerd --config-file /lab/other.json \
         --storage-driver vfs -H unix:///lab/docker.sock > /lab/other.log 2>&1 &
       for i in $(seq 200); do docker -H unix:///lab/docker.sock version > /dev/null 2>&1 && exit; sleep 0.1; done; exit 1`,
    );
    const { daemons } = await ask(engine);
    expect(daemons?.facts).toMatchObject({ userlandProxy: false, noRaw: true, sctpChecksum: true });
  });
});

describeEngine('a rootless Engine', '20.10', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await startEngine({ era: '20.10' });
    await engine.daemon.stop();
    // As root the flag alone makes it say that it is rootless; later Engines want RootlessKit around them.
    await inside(
      engine,
      `XDG_RUNTIME_DIR=/lab XDG_DATA_HOME=/lab/data setsid dockerd --rootless --storage-driver vfs --data-root /lab/data \
         -H unix:///lab/docker.sock > /lab/rootless.log 2>&1 &
       for i in $(seq 200); do docker -H unix:///lab/docker.sock version > /dev/null 2>&1 && exit; sleep 0.1; done; exit 1`,
    );
  });
  afterAll(() => engine.stop());

  test('is refused with the nsenter command that leads to its rules, and that command works', async () => {
    const { fault } = await ask(engine, engine.client.exec);
    expect(fault?.code).toBe('RG_ENGINE_ROOTLESS');
    const [, target = ''] =
      /sudo nsenter --target (\d+) --net env DOCKER_HOST=unix/.exec(fault?.hint ?? '') ?? [];
    const there = await ask(engine, (file, args = [], options) =>
      engine.client.exec('nsenter', ['--target', target, '--net', file, ...args], options),
    );
    expect(there.fault).toBeUndefined();
    expect(there.inventory?.networks.map(({ name }) => name)).toContain('bridge');
  });
});
