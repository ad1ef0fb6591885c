import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { damagesOf } from '../support/incident/damages.ts';
import { describeEngines } from '../support/incident/eras.ts';
import { textOf } from '../support/incident/judge.ts';
import { savesOf } from '../support/incident/rules.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { must } from '../support/lab/run.ts';

const BAN = '-s 203.0.113.66/32 -i eth0 -j DROP';

describeEngines('rules of the user in DOCKER-USER', (era) => {
  let town: Town;

  const iptables = (words: string) => must(town.engine.execInside, 'iptables', words.split(' '));
  const content = async () =>
    textOf(await savesOf(town.engine)).filter((text) => text.startsWith('ipv4 filter -A DOCKER-USER '));
  const damage = async (name: string) => {
    const found = damagesOf('nft').find((one) => one.name === name);
    if (found === undefined) throw new Error(`no such damage: ${name}`);
    await found.run(town);
  };

  beforeAll(async () => {
    town = await raiseTown({ era });
    await town.host.run(['snapshot']);
  });
  afterAll(() => town.leave());
  beforeEach(() => town.reset());

  test('an edit since the snapshot is not damage, and restore does not undo it', async () => {
    await iptables(`-D DOCKER-USER ${BAN}`);
    await iptables('-I DOCKER-USER 1 -s 198.51.100.0/24 -j DROP');
    const edited = await content();
    await town.host.run(['check']);
    await damage('iptables -t nat -F');
    await town.host.run(['restore']);
    expect(await content()).toEqual(edited);
  });

  test('a lost jump is restored above all rules of Docker, and the content stays as edited', async () => {
    await iptables(`-D DOCKER-USER ${BAN}`);
    const edited = await content();
    await iptables('-D FORWARD -j DOCKER-USER');
    await town.host.run(['check'], 1);
    await town.host.run(['restore']);
    expect(await content()).toEqual(edited);
    const forward = textOf(await savesOf(town.engine)).filter((text) =>
      text.includes('ipv4 filter -A FORWARD'),
    );
    const golden = textOf(town.golden).filter((text) => text.includes('ipv4 filter -A FORWARD'));
    expect(forward).toEqual(golden);
  });

  test('a rule that jumps to a chain that is gone is left out and named; all others are restored', async () => {
    await iptables('-N f2b-web');
    await iptables('-A f2b-web -s 203.0.113.67/32 -j DROP');
    await iptables('-I DOCKER-USER 1 -j f2b-web');
    await town.host.run(['snapshot']);
    const before = await content();
    await damage('iptables -F; iptables -X');
    // Not everything that was lost came back, so this is not "repaired".
    const { stdout } = await town.host.run(['restore'], 1);
    expect(await content()).toEqual(before.filter((text) => !text.includes('f2b-web')));
    expect(stdout).toContain('-j f2b-web');
    // What is left of DOCKER-USER is the user's to complete; all of Docker's is back.
    await town.host.run(['check']);
    await town.reset();
    await town.host.run(['snapshot']);
  });
});
