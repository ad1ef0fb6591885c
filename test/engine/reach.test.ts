import { afterAll, beforeAll, expect, test } from 'vitest';
import { raiseScene, type Scene } from '../support/doctor/scene.ts';
import { createHost, type Host } from '../support/host.ts';
import { describeEngines } from '../support/incident/eras.ts';
import { shareOf } from '../support/incident/share.ts';
import { ERAS, type Era } from '../support/lab/eras.ts';
import { moreFlows, NOT_ASKED, refutations, type PrintedCell } from '../support/reach/cell-of-flow.ts';

interface Damage {
  readonly name: string;
  /** For `sh` of the scene. */
  readonly script: string;
  /** What of it does not go with the rules. */
  readonly undo?: string;
  /** Engines on which it changes what packets reach; all where absent. */
  readonly eras?: readonly Era[];
  /** Where Docker closes in raw too, nothing reaches more than before. */
  readonly closedInRaw?: true;
}

const DAMAGES: readonly Damage[] = [
  { name: 'nat flushed', script: 'iptables -t nat -F' },
  { name: 'filter flushed, policy DROP', script: 'iptables -P FORWARD DROP; iptables -F' },
  { name: 'everything accepted before Docker', script: 'iptables -I FORWARD -j ACCEPT', closedInRaw: true },
  { name: 'everything dropped in DOCKER-USER', script: 'iptables -I DOCKER-USER -j DROP' },
  { name: 'ip_forward=0', script: 'put 0 ipv4/ip_forward', undo: 'put 1 ipv4/ip_forward' },
  {
    name: 'isolation of networks lost',
    script: 'iptables -F DOCKER-ISOLATION-STAGE-1',
    // Later ones stop these packets in raw as well.
    eras: ['20.10', '26.1'],
  },
  {
    name: 'masquerade of one network lost',
    script: 'iptables -t nat -D POSTROUTING -s 172.28.1.0/24 ! -o front0 -j MASQUERADE',
  },
  { name: 'raw flushed', script: 'iptables -t raw -F', eras: ['28.5', '29.7'] },
];

/** Of 100 cells so many may be unknown. */
const UNKNOWN_PERCENT = 3;

describeEngines('the table of reach holds against packets', (era) => {
  let scene: Scene;
  let host: Host;

  beforeAll(async () => {
    scene = await raiseScene(era);
    host = createHost(scene.engine);
  });
  afterAll(async () => {
    host.dispose();
    await scene.leave();
  });

  /** Holds every flow's packets against its cell. @returns the verdict of the table */
  async function compare(): Promise<string> {
    const { stdout } = await host.attempt(['reach', '--json', '--all']);
    // Programs' output comes byte by byte.
    const text = Buffer.from(stdout, 'latin1').toString();
    const { cells, verdict } = JSON.parse(text) as { cells: readonly PrintedCell[]; verdict: string };
    const measured = await scene.measure(moreFlows(scene.places));
    expect(refutations(measured, cells, scene.places)).toEqual([]);
    const unknown = cells.filter(({ is }) => is === 'unknown');
    expect(unknown.length, JSON.stringify(unknown)).toBeLessThanOrEqual(
      (cells.length * UNKNOWN_PERCENT) / 100,
    );
    const names = measured.map(({ flow: { name } }) => name);
    expect(names).toEqual(expect.arrayContaining([...NOT_ASKED.keys()]));
    return verdict;
  }

  test('intact', async () => {
    expect(await compare()).toBe('healthy');
  });

  test.for(shareOf(era, DAMAGES, ({ eras }) => eras))('$name', async ({ script, undo, closedInRaw }) => {
    try {
      await scene.sh(script);
      const isClosed = closedInRaw === true && ERAS[era].modern;
      expect(await compare()).toBe(isClosed ? 'healthy' : 'fault');
    } finally {
      await scene.sh(undo ?? 'true');
      await scene.reload();
      expect.soft(await scene.strangeness(), 'what it leaves').toEqual([]);
    }
  });
});
