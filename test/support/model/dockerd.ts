import type { Inventory } from '../../../src/docker/inventory/inventory.ts';
import { makeRule } from '../../../src/firewall/iptables/text/model.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { copiesIn, holds, step, type Act, type World } from './world.ts';

/** One thing dockerd does, in steps of one program run each (docs/reference/docker-iptables.md). */
export interface Doing {
  /** The container whose lock it holds meanwhile, by id; undefined for a network, which has none. */
  readonly locks: string | undefined;
  readonly acts: readonly Act[];
}

interface Ruled {
  readonly table: string;
  readonly text: string;
}

/** The rules that one set of rules has more than another, raw first, as dockerd writes an endpoint's. */
export function more(one: HostRules, other: HostRules): readonly Ruled[] {
  const less = copiesIn(other);
  const keys = [...copiesIn(one).keys()].filter((key) => !less.has(key));
  return ['raw', 'nat', 'filter'].flatMap((table) =>
    keys
      .filter((key) => key.startsWith(`${table} `))
      .map((key) => ({ table, text: key.slice(table.length + 1) })),
  );
}

/** It asks whether the rule is there (`-C`), and in another run of the program appends it, or from 28 on inserts what accepts a port. */
const putting = ({ table, text }: Ruled): readonly Act[] => {
  const key = `${table} ${text}`;
  const rule = makeRule(text);
  const isPort = table === 'filter' && text.includes('--dport');
  return [
    (world) => (holds(world, table, text) ? { ...world, found: new Set([...world.found, key]) } : world),
    (world) => {
      if (world.failed || world.found.has(key)) return world;
      const { chain } = rule;
      const put = step(
        world,
        'dockerd',
        table,
        isPort ? { op: 'insert', chain, position: 1, rule } : { op: 'append', chain, rule },
      );
      return put ?? { ...world, failed: true };
    },
  ];
};

const taking =
  ({ table, text }: Ruled): Act =>
  (world) => {
    const rule = makeRule(text);
    return step(world, 'dockerd', table, { op: 'delete', chain: rule.chain, rule }) ?? world;
  };

/** Where the rules could not be written, what was is taken back, and nothing is listed. */
const orTakenBack = (rules: readonly Ruled[], listed: Inventory): readonly Act[] => [
  (world) => (world.failed ? rules.reduce((left, one) => taking(one)(left), world) : world),
  (world) => (world.failed ? world : { ...world, engine: listed }),
];

/** A container starts: its rules are written, then it is listed. */
export const start = (id: string, rules: readonly Ruled[], listed: Inventory): Doing => ({
  locks: id,
  acts: [idle, ...rules.flatMap(putting), ...orTakenBack(rules, listed)],
});

/** A container stops: its rules are taken away one by one, then it is listed no more. */
export const stop = (id: string, rules: readonly Ruled[], listed: Inventory): Doing => ({
  locks: id,
  acts: [idle, ...rules.map(taking), (world) => ({ ...world, engine: listed })],
});

/** A network is made: its rules are written, then it is listed. */
export const create = (rules: readonly Ruled[], listed: Inventory): Doing => ({
  locks: undefined,
  acts: [...rules.flatMap(putting), ...orTakenBack(rules, listed)],
});

/** A network is removed: its rules go, and a moment later its entry. */
export const remove = (rules: readonly Ruled[], listed: Inventory): Doing => ({
  locks: undefined,
  acts: [...rules.map(taking), (world) => ({ ...world, engine: listed })],
});

/** It takes the lock. */
const idle: Act = (world) => world;

/** All that dockerd does, one thing after the other. */
export class Script {
  readonly length: number;
  private readonly acts: readonly Act[];
  private readonly lockedAt: readonly (string | undefined)[];
  private readonly isAmid: readonly boolean[];

  constructor(doings: readonly Doing[]) {
    this.acts = doings.flatMap(({ acts }) =>
      acts.map((act, at): Act =>
        at === 0 ? (world) => act({ ...world, failed: false, found: new Set() }) : act,
      ),
    );
    this.lockedAt = doings.flatMap(({ locks, acts }) => acts.map((_, at) => (at === 0 ? undefined : locks)));
    this.isAmid = doings.flatMap(({ locks, acts }) => acts.map((_, at) => locks === undefined && at > 0));
    this.length = this.acts.length;
  }

  /** Its next step. */
  next(world: World): World {
    const act = this.acts[world.dockerd];
    if (act === undefined) throw new Error('dockerd has come to its end');
    return { ...act(world), dockerd: world.dockerd + 1 };
  }

  hasNext({ dockerd }: World): boolean {
    return dockerd < this.length;
  }

  /** The container whose lock it holds. */
  locked({ dockerd }: World): string | undefined {
    return this.lockedAt[dockerd];
  }

  /** Whether it is in the middle of making or removing a network, for which no lock can be asked. */
  isAmidNetwork({ dockerd }: World): boolean {
    return this.isAmid[dockerd] ?? false;
  }
}
