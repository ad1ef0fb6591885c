import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEngine } from '../support/incident/eras.ts';
import { createHost, type Host } from '../support/host.ts';
import { IMAGE, startEngine, type Engine } from '../support/lab/engine.ts';
import { httpProbe } from '../support/lab/probe.ts';
import { must } from '../support/lab/run.ts';
import { CLIENT, HOST } from '../support/lab/wire.ts';

const CLOSE = '-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP';

describeEngine('rules declared for DOCKER-USER', '28.5', () => {
  let engine: Engine;
  let host: Host;

  const iptables = (words: string) => must(engine.execInside, 'iptables', words.split(' '));
  const content = async () =>
    (await iptables('-S DOCKER-USER')).split('\n').filter((line) => line.startsWith('-A'));
  /** Whom the container sees from outside; undefined where the port is closed. */
  const asked = () => httpProbe(engine, HOST.ipv4, 8080, { seconds: 1 });

  beforeAll(async () => {
    engine = await startEngine({ era: '28.5' });
    host = createHost(engine);
    await engine.docker(['run', '-d', '--name', 'web', '-p', '8080:80', IMAGE]);
    expect(await asked()).toBe(CLIENT.ipv4);
    await iptables('-I DOCKER-USER -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP');
    await host.run(['snapshot', '--declare']);
    expect(await asked()).toBeUndefined();
  });
  afterAll(async () => {
    host.dispose();
    await engine.stop();
  });

  test('a port that the operator closed is closed again after a flush, and check names the exposure', async () => {
    await iptables('-F DOCKER-USER');
    expect(await asked()).toBe(CLIENT.ipv4);
    const { stdout } = await host.run(['check'], 1);
    expect(stdout).toMatch(/^DAMAGED .*EXPOSURE .*web 8080/s);
    expect(stdout).toContain('rulesguard snapshot --declare');
    await host.run(['restore']);
    expect(await asked()).toBeUndefined();
    await host.run(['check']);
  });

  test('a rule in front that opens it again is damage, and moved behind', async () => {
    await iptables('-I DOCKER-USER -p tcp -j ACCEPT');
    expect(await asked()).toBe(CLIENT.ipv4);
    await host.run(['check'], 1);
    await host.run(['restore']);
    expect(await asked()).toBeUndefined();
    expect(await content()).toEqual([CLOSE, '-A DOCKER-USER -p tcp -j ACCEPT']);
    await iptables('-D DOCKER-USER -p tcp -j ACCEPT');
  });

  test("a ban's chain comes and goes and is let be", async () => {
    await iptables('-N f2b-web');
    await iptables('-A f2b-web -j RETURN');
    await iptables('-I DOCKER-USER -p tcp -j f2b-web');
    await host.run(['check']);
    await host.run(['restore']);
    expect(await content()).toEqual(['-A DOCKER-USER -p tcp -j f2b-web', CLOSE]);
    await iptables('-D DOCKER-USER -p tcp -j f2b-web');
    await host.run(['check']);
  });

  test('after a reboot it is in force before dockerd starts, and dockerd keeps it', async () => {
    await engine.daemon.stop();
    await must(engine.execInside, 'nft', ['flush', 'ruleset']);
    await host.run(['restore', '--source', 'declared', '--scheduled']);
    expect(await content()).toEqual([CLOSE]);
    await engine.daemon.start();
    await engine.docker(['start', 'web']);
    expect((await content())[0]).toBe(CLOSE);
    expect(await asked()).toBeUndefined();
    await host.run(['check']);
    await iptables('-F DOCKER-USER');
    expect(await asked()).toBe(CLIENT.ipv4);
  });
});
