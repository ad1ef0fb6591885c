import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEngines } from '../support/incident/eras.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { must } from '../support/lab/run.ts';
import { udpProbe } from '../support/lab/probe.ts';
import { CLIENT, HOST } from '../support/lab/wire.ts';

describeEngines('a UDP client that keeps its port', (era) => {
  let town: Town;

  beforeAll(async () => {
    town = await raiseTown({ era });
    await town.host.run(['snapshot']);
  });
  afterAll(() => town.leave());

  test.each([
    { family: 'IPv4', tool: 'iptables', host: HOST.ipv4, client: CLIENT.ipv4 },
    { family: 'IPv6', tool: 'ip6tables', host: HOST.ipv6, client: CLIENT.ipv6 },
  ])('talks to the container itself again after the repair, $family', async ({ tool, host, client }) => {
    const { engine } = town;
    const ask = () => udpProbe(engine, host, 5454, { fromPort: 40_404 });
    await must(engine.execInside, tool, ['-t', 'nat', '-F']);
    // The kernel decides about NAT once a flow: this one now ends at docker-proxy, whatever the rules say later.
    expect(await ask()).not.toBe(client);
    await town.host.run(['restore']);
    expect(await ask()).toBe(client);
  });
});
