import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openBaseline, writeBaseline } from '../../src/host/state/store.ts';
import { describeEngine } from '../support/incident/eras.ts';
import { oneIn } from '../support/incident/share.ts';
import { difference, keyOf, linesOf, savesOf } from '../support/incident/rules.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { must } from '../support/lab/run.ts';
import { chainIn, forgeBaseline, type BaselineDocument } from '../support/stored.ts';

type Forging = readonly [what: string, change: (document: BaselineDocument) => void];

const putFirst = (document: BaselineDocument, chain: string, text: string, owner = 'docker'): void => {
  chainIn(document, 'filter', chain).rules.unshift({ text, owner, level: 'daemon' });
};

const name = (
  document: BaselineDocument,
  field: 'accepted' | 'unexplained',
  chain: string,
  rule: string,
): void => {
  Object.assign(document, { [field]: [{ family: 'ipv4', table: 'filter', chain, rule }] });
};

const MARK = '-A DOCKER-FORWARD -m mark --mark 0x0/0x0 -j ACCEPT';
const OPEN_CHAIN = '-A DOCKER-OPEN -j ACCEPT';
const TO_OPEN = '-A DOCKER-FORWARD -j DOCKER-OPEN';
const USERS = '-A DOCKER-USER -j ACCEPT';

/** Each widens what the Engine requires, in a file whose digest is right. */
const FORGINGS: readonly Forging[] = [
  [
    'a chain of no known Engine that accepts',
    (document) => {
      putFirst(document, 'DOCKER-FORWARD', TO_OPEN);
      const rules = [{ text: OPEN_CHAIN, owner: 'docker', level: 'daemon' }];
      document.families.ipv4
        .find((table) => table.name === 'filter')
        ?.chains.push({ name: 'DOCKER-OPEN', owner: 'docker', policy: '-', rules });
    },
  ],
  [
    'a mark match that every packet fulfils',
    (document) => {
      putFirst(document, 'DOCKER-FORWARD', MARK);
      name(document, 'unexplained', 'DOCKER-FORWARD', MARK);
    },
  ],
  [
    'an ACCEPT of everything in DOCKER-USER',
    (document) => {
      putFirst(document, 'DOCKER-USER', USERS, 'shared');
    },
  ],
  [
    'the policy ACCEPT',
    (document) => {
      chainIn(document, 'filter', 'FORWARD').policy = 'ACCEPT';
    },
  ],
  [
    'the closing rules listed as accepted',
    (document) => {
      for (const chain of ['DOCKER', 'DOCKER-ISOLATION-STAGE-2']) {
        const { rules } = chainIn(document, 'filter', chain);
        const drops = rules.filter(({ text }) => text.endsWith(' -j DROP'));
        expect(drops.length).toBeGreaterThan(0);
        Object.assign(document, {
          accepted: drops.map(({ text }) => ({ family: 'ipv4', table: 'filter', chain, rule: text })),
        });
      }
    },
  ],
  [
    'an invented network on the uplink',
    (document) => {
      const { engine } = document as unknown as { engine: { networks: Record<string, unknown>[] } };
      engine.networks.push({ ...engine.networks[0], name: 'wan', bridge: 'eth0' });
      const open = '-A DOCKER-FORWARD -i eth0 -j ACCEPT';
      putFirst(document, 'DOCKER-FORWARD', open);
      name(document, 'unexplained', 'DOCKER-FORWARD', open);
    },
  ],
  [
    'an ACCEPT for a port that the container does not publish',
    (document) => {
      const rules = chainIn(document, 'filter', 'DOCKER').rules;
      const port = rules.find(({ text }) => text.includes('--dport 80 -j ACCEPT'));
      rules.unshift({
        text: (port?.text ?? '').replace('--dport 80', '--dport 22'),
        owner: 'docker',
        level: 'endpoint',
      });
    },
  ],
];

describeEngine('a forged baseline beside a running Engine', '28.5', () => {
  let town: Town;
  let sound: string;

  beforeAll(async () => {
    town = await raiseTown({ era: '28.5' });
    await town.host.run(['snapshot']);
    const folder = path.join(town.host.stateDir, 'baselines');
    sound = path.join(folder, readdirSync(folder)[0] ?? '');
  });
  afterAll(() => town.leave());
  beforeEach(() => town.reset());

  const lose = async (): Promise<void> => {
    await must(town.engine.execInside, 'iptables', ['-P', 'FORWARD', 'DROP']);
    for (const tool of ['iptables', 'ip6tables'])
      for (const table of ['filter', 'nat', 'raw'])
        await must(town.engine.execInside, tool, ['-t', table, '-F']);
  };
  /** Rules that were not there when all was well, and rules of Docker's that are missing. */
  const compared = async () => {
    const now = linesOf(await savesOf(town.engine));
    return {
      beyond: difference(now, linesOf(town.golden)).map(keyOf),
      lacking: difference(town.dockers, now).map(keyOf),
    };
  };

  test.each(oneIn(2, FORGINGS))('%s: restore writes only what the Engine requires', async (_, change) => {
    const { baseline } = await openBaseline(town.host.stateDir, sound);
    const { path: file } = await writeBaseline(town.host.stateDir, baseline);
    forgeBaseline(file, change);
    await lose();
    const { stderr } = await town.host.run(['restore', '--policies'], 1);
    expect(stderr).toMatch(/nothing proves that baseline \S+ was recorded on this host/);
    expect(await compared()).toEqual({ beyond: [], lacking: [] });
  });

  test.each(oneIn(2, FORGINGS, 1))(
    '%s, sealed with the key of this host: nothing more is let in, except by DOCKER-USER, which is named',
    async (what, change) => {
      const { baseline } = await openBaseline(town.host.stateDir, sound);
      const document = structuredClone(baseline) as unknown as BaselineDocument;
      change(document);
      await writeBaseline(town.host.stateDir, document as unknown as typeof baseline);
      await lose();
      const { stdout, stderr } = await town.host.attempt(['restore', '--policies']);
      const { beyond, lacking } = await compared();
      if (what.includes('DOCKER-USER')) {
        expect(beyond).toEqual([`ipv4 filter ${USERS}`]);
        expect(stderr).toMatch(/may let packets through:\n {2}ipv4 {2}-A DOCKER-USER -j ACCEPT/);
      } else expect(beyond).toEqual([]);
      // A baseline with this host's seal may list rules as accepted: the user recorded them so.
      if (!what.includes('listed as accepted')) expect(lacking).toEqual([]);
      const forged = [MARK, OPEN_CHAIN, TO_OPEN].filter((text) => JSON.stringify(document).includes(text));
      for (const text of forged)
        expect(stdout).toContain(`${text.replace(/^-A \S+ /, '')}: the Engine does not require it`);
    },
  );
});
