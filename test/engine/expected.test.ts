import { afterAll, beforeAll, describe, test } from 'vitest';
import { expectAgreed, expectQuiet, raiseScene, type Scene } from '../support/expected/scene.ts';
import { describeEngines } from '../support/incident/eras.ts';
import type { Scenario } from '../support/lab/build.ts';
import { ERAS, type Era } from '../support/lab/eras.ts';
import { scenariosOf } from '../support/lab/scenarios.ts';

/** An Engine's start that the recordings do not have: what is built, by which backend, with which words. */
interface Cast {
  readonly scenario: string;
  readonly backend: 'nft' | 'legacy';
  readonly proxy: boolean;
  readonly ipv6: boolean;
}

// Every scenario with either docker-proxy stands among the recordings too, in test/unit/docker/expected-recordings.test.ts.
const CASTS: readonly Cast[] = [
  { scenario: 'ports', backend: 'nft', proxy: false, ipv6: false },
  { scenario: '', backend: 'legacy', proxy: false, ipv6: true },
  { scenario: 'mesh', backend: 'nft', proxy: true, ipv6: true },
];

/** What 28 alone can make, and there the other half of the legacy backend. */
const GATEWAYS: Cast = { scenario: 'gateways', backend: 'legacy', proxy: true, ipv6: true };

function scenarioOf(era: Era, { scenario, backend, proxy, ipv6 }: Cast): Scenario {
  const build = scenariosOf(era).get(scenario)?.build;
  if (build === undefined) throw new Error(`${era} has no scenario ${scenario}`);
  const family = ipv6 ? ERAS[era].ipv6Args : era === '28.5' ? ['--ip6tables=false'] : [];
  return {
    options: { backend, daemonArgs: [...family, ...(proxy ? [] : ['--userland-proxy=false'])] },
    build,
  };
}

const titleOf = ({ scenario, backend, proxy, ipv6 }: Cast): string =>
  `${scenario || 'rich'}, ${backend}, ${proxy ? 'with' : 'without'} docker-proxy, ${ipv6 ? 'both families' : 'IPv4 alone'}`;

/** Restarts the Engine, which stops its containers, and starts them in the opposite order. */
async function startAgain({ engine }: Scene): Promise<void> {
  const running = await engine.docker(['ps', '-q', '--no-trunc']);
  await engine.daemon.stop();
  await engine.daemon.start();
  await engine.docker(['start', ...running.split('\n').toReversed()]);
}

describeEngines('what the Engine calls for is what it wrote', (era) => {
  for (const cast of era === '28.5' ? [...CASTS, GATEWAYS] : CASTS)
    describe(titleOf(cast), () => {
      let scene: Scene;
      beforeAll(async () => {
        scene = await raiseScene(era, scenarioOf(era, cast));
      });
      afterAll(() => scene.leave());

      test('every rule, and no other', () => expectAgreed(scene));
      test('check and restore find nothing to say or do', () => expectQuiet(scene));

      if (cast.scenario === '')
        test('after a restart of the Engine', async () => {
          await startAgain(scene);
          await expectAgreed(scene);
          await expectQuiet(scene);
        });
    });
});
