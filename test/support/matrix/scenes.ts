import { FLUSH_RULESET, damagesOf, fileWithoutDocker, type Damage } from '../incident/damages.ts';
import { FAMILIES, isRule, toolOf } from '../incident/rules.ts';
import { must } from '../lab/run.ts';
import { GUEST, LATECOMER, run } from './city.ts';
import { HALF_NETWORK, createHalfNetwork, takeSnapshot, type City } from './stage.ts';
import { edited } from '../edited.ts';

/** What Docker does between the damage and the repair, and brings some rules back by. */
export interface HalfRepair {
  readonly name: string;
  /** What it adds to the city where it succeeds. */
  readonly brings?: keyof City['arrivals'];
  run(city: City): Promise<void>;
  /** Takes away what it added, if anything. */
  undo(city: City): Promise<void>;
}

const nothing = () => Promise.resolve();

export const NO_HALF_REPAIR: HalfRepair = { name: '', run: nothing, undo: nothing };

const NETWORK: HalfRepair = {
  name: 'docker network create',
  brings: 'network',
  run: ({ engine }) => createHalfNetwork(engine),
  async undo({ engine }) {
    await engine.execInside('docker', ['network', 'rm', HALF_NETWORK]);
  },
};

/**
 * Where Docker's chains are gone it fails, and leaves a rule behind
 * (docs/reference/docker-iptables.md#what-docker-restores).
 */
const FAILED_NETWORK: HalfRepair = {
  name: 'docker network create, which fails',
  async run({ engine }) {
    const failed = await createHalfNetwork(engine).then(
      () => false,
      () => true,
    );
    if (!failed) throw new Error('a network could be created without the chains of Docker');
  },
  undo: nothing,
};

const CONTAINER: HalfRepair = {
  name: 'docker run -p',
  brings: 'container',
  run: ({ engine }) => run(engine, LATECOMER),
  async undo({ engine }) {
    await engine.execInside('docker', ['rm', '-f', LATECOMER.name]);
  },
};

const RESTART: HalfRepair = {
  name: 'docker restart of one container',
  async run({ engine }) {
    await engine.docker(['restart', 'shop']);
  },
  undo: nothing,
};

const DAEMON: HalfRepair = {
  name: 'restart of dockerd, live-restore',
  async run({ engine: { daemon } }) {
    await daemon.stop();
    await daemon.start();
  },
  undo: nothing,
};

/** One damage, and what Docker may do about it before rulesguard is asked. */
export interface Scene {
  readonly damage: Damage;
  readonly halfRepairs: readonly HalfRepair[];
}

/** A change of the city that the last snapshot does not know, and what is then done to the rules. */
export interface Chapter {
  readonly name: string;
  /** Containers of which the baseline has never seen every rule. */
  readonly unseen: readonly string[];
  enter(city: City): Promise<void>;
  readonly scenes: readonly Scene[];
}

const known = (name: string): Damage => {
  const found = damagesOf('nft').find((damage) => damage.name === name);
  if (found === undefined) throw new Error(`no damage is called ${name}`);
  return found;
};

const inBoth = (name: string, commands: readonly string[]): Damage => ({
  name,
  async run({ engine }) {
    for (const family of FAMILIES)
      for (const command of commands) await must(engine.execInside, toolOf(family), command.split(' '));
  },
});

/** What a firewall loads at boot: everyone else's rules, and FORWARD open as it was before Docker first closed it. */
const RELOAD: Damage = {
  name: 'iptables-restore < rules.v4 of before Docker',
  async run(town) {
    for (const family of FAMILIES) {
      const input = edited(fileWithoutDocker(town, family), ':FORWARD DROP', ':FORWARD ACCEPT');
      await must(town.engine.execInside, toolOf(family, '-restore'), [], { input });
    }
  },
};

/** A small generator of numbers from 0 to below 1, the same for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Another rule each time it runs; `told` hears which. */
function oneRule(seed: number, told: (rule: string) => void): Damage {
  const next = numbers(seed);
  return {
    name: 'one random rule deleted',
    async run({ engine, dockers }) {
      const rules = dockers.filter(isRule);
      const rule = rules[Math.floor(next() * rules.length)];
      if (rule === undefined) throw new Error('Docker has no rules');
      told(`${rule.family} ${rule.table} ${rule.text}`);
      const input = `*${rule.table}\n${rule.text.replace('-A', '-D')}\nCOMMIT\n`;
      await must(engine.execInside, toolOf(rule.family, '-restore'), ['--noflush'], { input });
    },
  };
}

/** They take their addresses in the order they start. */
async function swap({ engine: { docker } }: City): Promise<void> {
  await docker(['stop', 'left', 'right']);
  await docker(['start', 'right']);
  await docker(['start', 'left']);
}

/**
 * All that is done to one Engine, in order: the city changes from chapter to chapter and never back.
 * @param told hears which rules the random damages take
 */
export function chaptersOf(seed: number, told: (rule: string) => void): readonly Chapter[] {
  const natOnly = known('iptables -t nat -F');
  return [
    {
      name: 'the city as recorded',
      unseen: [],
      enter: nothing,
      scenes: [
        { damage: natOnly, halfRepairs: [NETWORK, CONTAINER, RESTART, DAEMON] },
        { damage: known('iptables -F'), halfRepairs: [NETWORK, CONTAINER, RESTART, DAEMON] },
        {
          damage: known('iptables -F; -X; -t nat -F; -t nat -X'),
          halfRepairs: [FAILED_NETWORK, DAEMON],
        },
        { damage: FLUSH_RULESET, halfRepairs: [FAILED_NETWORK, DAEMON] },
        { damage: RELOAD, halfRepairs: [FAILED_NETWORK, DAEMON] },
        { damage: oneRule(seed, told), halfRepairs: [NETWORK, DAEMON] },
      ],
    },
    {
      name: 'two containers restarted in swapped order',
      unseen: ['left', 'right'],
      enter: swap,
      scenes: [{ damage: natOnly, halfRepairs: [NETWORK, RESTART] }],
    },
    {
      name: 'a network and its container removed',
      unseen: [],
      async enter(city) {
        await takeSnapshot(city);
        await city.engine.docker(['rm', '-f', 'ghost']);
        await city.engine.docker(['network', 'rm', 'brief']);
      },
      scenes: [{ damage: FLUSH_RULESET, halfRepairs: [DAEMON] }],
    },
    {
      name: 'a container added',
      unseen: [GUEST.name],
      async enter(city) {
        await takeSnapshot(city);
        await run(city.engine, GUEST);
      },
      scenes: [
        {
          damage: inBoth('iptables -F; -t nat -F', ['-F', '-t nat -F']),
          halfRepairs: [CONTAINER, DAEMON],
        },
      ],
    },
  ];
}
