import { afterAll, beforeAll, describe, test } from 'vitest';
import { expectAgreed, expectQuiet, raiseScene, type Scene } from '../../support/expected/scene.ts';
import { describeEngines } from '../../support/incident/eras.ts';
import type { Scenario } from '../../support/lab/build.ts';
import { ERAS, type Era } from '../../support/lab/eras.ts';
import { scenariosOf } from '../../support/lab/scenarios/scenarios.ts';

/** A way to start an Engine that the recordings lack: scenario, variant, arguments. */
interface Cast {
  readonly scenario: string;
  readonly variant: 'nft' | 'legacy';
  readonly proxy: boolean;
  readonly ipv6: boolean;
}

// Every scenario, with and without docker-proxy, is also checked on recordings, in test/unit/firewall/iptables/expected/recordings.test.ts.
const CASTS: readonly Cast[] = [
  { scenario: 'ports', variant: 'nft', proxy: false, ipv6: false },
  { scenario: '', variant: 'legacy', proxy: false, ipv6: true },
  { scenario: 'mesh', variant: 'nft', proxy: true, ipv6: true },
];

/** What 28 alone can make, and there the other half of the legacy variant. */
const GATEWAYS: Cast = { scenario: 'gateways', variant: 'legacy', proxy: true, ipv6: true };

function scenarioOf(era: Era, { scenario, variant, proxy, ipv6 }: Cast): Scenario {
  const build = scenariosOf(era).get(scenario)?.build;
  if (build === undefined) throw new Error(`${era} has no scenario ${scenario}`);
  const family = ipv6 ? ERAS[era].ipv6Args : ERAS[era].noIpv6Args;
  return {
    options: { variant, daemonArgs: [...family, ...(proxy ? [] : ['--userland-proxy=false'])] },
    build,
  };
}

const titleOf = ({ scenario, variant, proxy, ipv6 }: Cast): string =>
  `${scenario || 'rich'}, ${variant}, ${proxy ? 'with' : 'without'} docker-proxy, ${ipv6 ? 'both families' : 'IPv4 alone'}`;

/** Restarts the Engine, which stops its containers, and starts them in the opposite order. */
async function startAgain({ engine }: Scene): Promise<void> {
  const running = await engine.docker(['ps', '-q', '--no-trunc']);
  await engine.daemon.stop();
  await engine.daemon.start();
  await engine.docker(['start', ...running.split('\n').toReversed()]);
}

describeEngines('the expected rules equal what dockerd wrote', (era) => {
  for (const cast of ERAS[era].modern ? [...CASTS, GATEWAYS] : CASTS)
    describe(titleOf(cast), () => {
      let scene: Scene;
      beforeAll(async () => {
        scene = await raiseScene(era, scenarioOf(era, cast));
      });
      afterAll(() => scene.leave());

      test('every rule, and no other', () => expectAgreed(scene));
      test('check is INTACT and restore has nothing to do', () => expectQuiet(scene));

      if (cast.scenario === '')
        test('after a restart of the Engine', async () => {
          await startAgain(scene);
          await expectAgreed(scene);
          await expectQuiet(scene);
        });
    });
});
