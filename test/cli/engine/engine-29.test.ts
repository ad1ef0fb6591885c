import { expect, test } from 'vitest';
import { isRecord, listOf } from '../../../src/docker/inventory/inventory.ts';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { serveRecorded, type Otherwise, type RecordedEngine } from '../../support/recorded/engine.ts';
import type { Account } from '../../support/recorded/observation.ts';

const ROUTED = 'engine-29.7-routed';
const ACCEPT = /-A DOCKER -d 172\.18\.0\.2\/32 .*--dport 80 -j ACCEPT/;

/** A recorded host beside its Engine. */
function beside(
  name: string,
  otherwise: Otherwise,
  body: (host: CliHost, engine: RecordedEngine) => Promise<void>,
): Promise<void> {
  return withHost(async (host) => {
    const engine = await serveRecorded(host, name, otherwise);
    try {
      await body(host, engine);
    } finally {
      engine.close();
    }
  }, name);
}

const run = async (host: CliHost, engine: RecordedEngine, args: string) => {
  const { code, stdout, stderr } = await host.attempt(args.split(' '), { env: engine.env });
  return { code, said: `${stdout}\n${stderr}` };
};

/** The one container of a recording, changed. */
const withContainers =
  (change: (container: Readonly<Record<string, unknown>>) => readonly unknown[]) =>
  (account: Account): Account => ({
    ...account,
    containers: listOf(account.containers).filter(isRecord).flatMap(change),
  });

describeCli('Engine 29, whose list of containers leaves out the ports of routed networks', () => {
  test('restore on a healthy host has nothing to do, and writes nothing', async () => {
    await beside(ROUTED, {}, async (host, engine) => {
      const before = await host.rules();
      expect(before).toMatch(ACCEPT);
      for (const source of ['engine', 'both']) {
        const restored = await run(host, engine, `restore --source ${source}`);
        expect(restored).toMatchObject({ code: 0, said: expect.stringContaining('nothing to do') as string });
        expect((await run(host, engine, `check --source ${source}`)).said).toMatch(/^INTACT/);
      }
      expect(await host.rules()).toBe(before);
    });
  });

  test('a rule of such a port comes back', async () => {
    await beside(ROUTED, {}, async (host, engine) => {
      const before = await host.rules();
      const [rule = ''] = ACCEPT.exec(before) ?? [];
      await host.sh(`iptables ${rule.replace('-A', '-D')}`);
      expect(await run(host, engine, 'check')).toMatchObject({ code: 1 });
      expect(await run(host, engine, 'restore')).toMatchObject({ code: 0 });
      expect((await host.rules()).split('\n').sort()).toEqual(before.split('\n').sort());
    });
  });

  test('what the Engine does not say in time is neither taken out nor put back, and said', async () => {
    await beside(ROUTED, { inspections: 'never' }, async (host, engine) => {
      const before = await host.rules();
      expect(await run(host, engine, 'restore')).toMatchObject({ code: 0 });
      expect(await host.rules()).toBe(before);
      const { said } = await run(host, engine, 'check --rules');
      expect(said).toMatch(/^INTACT/);
      expect(said).toMatch(/not checked: .*container open .*network routed/);
    });
  });

  test('a container that is gone by then is no trouble', async () => {
    await beside(ROUTED, { inspections: 'gone' }, async (host, engine) => {
      const { code, said } = await run(host, engine, 'check');
      expect(code).toBe(0);
      expect(said).toMatch(/no running container has 172\.18\.0\.2/);
    });
  });

  test('many are asked about side by side', async () => {
    const many = withContainers((container) =>
      Array.from({ length: 64 }, (_, i) => ({ ...container, Id: i.toString(16).padStart(64, '0') })),
    );
    await beside(ROUTED, { account: many, inspections: 15 }, async (host, engine) => {
      await run(host, engine, 'check --source engine');
      expect(new Set(engine.inspected).size).toBe(64);
      expect(engine.atOnce()).toBeGreaterThan(4);
      expect(engine.atOnce()).toBeLessThanOrEqual(16);
    });
  });

  test('nobody is asked about where the list tells all', async () => {
    await beside('engine-29.7-plain', {}, async (host, engine) => {
      // No docker-proxy listens here: the rules are whole all the same.
      expect((await run(host, engine, 'check')).said).toContain("all 24 rules of Docker's are in place");
      expect(engine.inspected).toEqual([]);
    });
  });

  test('a running container that lost its networks fails the check, with what helps', async () => {
    const adrift = withContainers((container) => [
      { ...container, NetworkSettings: { Networks: {} }, Ports: [] },
    ]);
    await beside('engine-29.7-plain', { account: adrift }, async (host, engine) => {
      const { code, said } = await run(host, engine, 'check --source engine');
      expect(code).toBe(1);
      expect(said).toContain('container web is running but on no network');
      expect(said).toContain('Next: docker network connect bridge web');
      const restored = await run(host, engine, 'restore --source engine');
      expect(restored.said).toContain('docker network connect bridge web');
    });
  });
});
