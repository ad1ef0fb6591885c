import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createHost, type Host } from '../../support/host.ts';
import { describeEngines } from '../../support/incident/eras.ts';
import { keepAsking } from '../../support/incident/talker.ts';
import { raiseTown, type Town } from '../../support/incident/town.ts';
import { must } from '../../support/lab/run.ts';
import { CLIENT, HOST } from '../../support/lab/wire.ts';

const FAMILIES = [
  { family: 'IPv4', tool: 'iptables', to: HOST.ipv4, client: CLIENT.ipv4, from: 40_404 },
  { family: 'IPv6', tool: 'ip6tables', to: HOST.ipv6, client: CLIENT.ipv6, from: 40_606 },
] as const;
/** How it is repaired: with a baseline, or on a host where no snapshot was ever taken. */
const CASES = (['a baseline and the Engine', 'the Engine alone'] as const).flatMap((by, round) =>
  FAMILIES.map((one) => ({ ...one, by, from: one.from + round })),
);

describeEngines('UDP clients that keep their port and never pause', (era) => {
  let town: Town;
  let fresh: Host;

  beforeAll(async () => {
    town = await raiseTown({ era });
    await town.host.run(['snapshot']);
    fresh = createHost(town.engine);
  });
  afterAll(async () => {
    fresh.dispose();
    await town.leave();
  });
  beforeEach(() => town.reset());

  test.each(CASES)(
    'reach the container directly, not docker-proxy, after a repair by $by, $family',
    async (one) => {
      const { engine } = town;
      const host = one.by === 'the Engine alone' ? fresh : town.host;
      const address = { host: one.to, port: 5454 };
      const old = keepAsking(engine, { ...address, fromPort: one.from });
      await old.answers(3);
      await must(engine.execInside, one.tool, ['-t', 'nat', '-F']);
      // The kernel decides about NAT with a flow's first packet: a flow that begins now stays at docker-proxy, whatever the rules become.
      const begun = keepAsking(engine, { ...address, fromPort: one.from + 10_000 });
      await begun.answers(3);
      const { stdout } = await host.run(['restore']);
      expect(stdout).toMatch(/^Deleted \d+ conntrack entr(y|ies) of \d published UDP ports?\b/m);
      await Promise.all([old.answers(3), begun.answers(3)]);

      expect(new Set(await old.stop())).toEqual(new Set([one.client]));
      const answers = await begun.stop();
      const [gateway = ''] = answers;
      expect(gateway).not.toBe(one.client);
      expect(answers.filter((answer, i) => answer !== answers[i - 1])).toEqual([gateway, one.client]);
    },
  );
});
