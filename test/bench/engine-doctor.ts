import type { Era } from '../support/lab/eras.ts';
import { container, network } from '../support/lab/build.ts';
import { startEngine, type Engine } from '../support/lab/engine.ts';
import { must } from '../support/lab/run.ts';
import { gatherFacts } from '../../src/app/diagnose/gather.ts';
import { realDiagnosisHost } from '../../src/app/diagnose/real-diagnosis-host.ts';
import { findProcesses } from '../../src/host/doctor/processes.ts';
import { interleave, least, median } from './clock.ts';
import { ANY_VERDICT, Installed, LISTING, capture } from './program.ts';
import { selfAs, selfEnv } from './self.ts';
import { BESIDE_FLOOR, besideFloor, tableOf } from './tables.ts';

const NETWORKS = 20;
const EACH = 5;
/** Of the containers of each network, how many publish a port. */
const SERVING = 3;
const FIRST_PORT = 20_000;
/** The container asked for by its name; it publishes a port. */
const ASKED_FOR = 'net7-1';
const ROUNDS = 10;
/** Of the whole program; a round types a hundred containers' commands. */
const WHOLE_ROUNDS = 5;
const LONGEST = 900_000;

/** The time of gathering the facts, and its floor, in milliseconds. */
interface Gathered {
  readonly rules: number;
  readonly floor: readonly number[];
  readonly first: number;
  readonly again: readonly number[];
  /** Rows of the whole program beside its floors. */
  readonly whole: readonly (readonly string[])[];
}

/** A diagnosis on a host of 100 containers on 20 networks: the facts alone, and the whole program, each with its floors. */
export async function doctorTable(era: Era): Promise<string> {
  const engine = await startEngine({ era });
  try {
    for (let i = 0; i < NETWORKS; i++) await populate(engine, i);
    const [node, ...words] = selfAs('gather', ROUNDS);
    const printed = await must(engine.exec, node, words, { timeout: LONGEST, env: selfEnv() });
    const { rules, floor, first, again, whole } = JSON.parse(printed) as Gathered;
    const cells = [least(floor), median(floor), first, least(again), median(again)];
    const facts = tableOf(
      [
        'containers',
        'rules',
        'facts: floor, best ms',
        'median ms',
        'first ms',
        'later, best ms',
        'median ms',
      ],
      [[NETWORKS * EACH, rules, ...cells].map((cell) => cell.toFixed(0))],
    );
    return `${tableOf(['what', 'floor', ...BESIDE_FLOOR], whole)}\n\n${facts}`;
  } finally {
    await engine.stop();
  }
}

async function populate(engine: Engine, index: number): Promise<void> {
  const name = `net${String(index)}`;
  await network(engine, name, ['--subnet', `10.200.${String(index)}.0/24`]);
  await Promise.all(
    Array.from({ length: EACH }, (_, i) => {
      const port = String(FIRST_PORT + index * EACH + i);
      const published = i < SERVING ? ['-p', `${port}:80`] : [];
      return container(engine, `${name}-${String(i)}`, ['--network', name, ...published], ['80/tcp']);
    }),
  );
}

type Line = readonly [string, ...string[]];

/** The commands that show this host's links, addresses, routes and routing rules. */
const HOST_COMMANDS: readonly Line[] = [
  ['ip', '-details', 'link', 'show'],
  ['ip', 'address', 'show'],
  ['ip', '-4', 'route', 'show', 'table', 'all'],
  ['ip', '-6', 'route', 'show', 'table', 'all'],
  ['ip', '-4', 'rule', 'show'],
  ['ip', '-6', 'rule', 'show'],
];
/** The tables of nftables' own: `doctor` asks for them wherever there is an nft. */
const TABLES: Line = ['nft', 'list', 'tables'];

/** The commands that show the same of a container, its listeners and its resolver, in one `nsenter`. */
const INSIDE = 'ip -details address show; ip route show table all; ss -lntu; cat "$0/root/etc/resolv.conf"';
const inside = (pid: number): Line => {
  const proc = `/proc/${String(pid)}`;
  return ['nsenter', `--net=${proc}/ns/net`, 'sh', '-c', INSIDE, proc];
};

/** `doctor` as a whole process beside two floors, and `doctor CONTAINER` beside the floor with that one's inside. */
function measureWhole(installed: Installed, rounds: number): readonly (readonly string[])[] {
  const listed = JSON.parse(capture('curl', LIST)) as readonly {
    readonly Id: string;
    readonly Names: string[];
  }[];
  // Containers of another lab may run on this machine too.
  const { containers } = findProcesses(undefined);
  const pids = listed.flatMap(({ Id }) => containers.get(Id) ?? []);
  const [one] = listed.flatMap(({ Id, Names }) =>
    Names.includes(`/${ASKED_FOR}`) ? (containers.get(Id) ?? []) : [],
  );
  if (one === undefined || pids.length !== NETWORKS * EACH)
    throw new Error(`${String(pids.length)} containers are seen`);
  const host = (): number =>
    installed.ask([LISTING]) + installed.saves() + installed.commands([...HOST_COMMANDS, TABLES]);
  // The verdict does not matter here.
  const { floor, insides, single, whole, asked } = interleave(
    {
      floor: host,
      insides: () => host() + installed.commands(pids.map(inside)),
      single: () => host() + installed.commands([inside(one)]),
      whole: () => installed.rulesguard(['doctor'], {}, ANY_VERDICT),
      asked: () => installed.rulesguard(['doctor', ASKED_FOR], {}, ANY_VERDICT),
    },
    rounds,
  );
  return [
    ['`doctor`', "the host's commands", ...besideFloor(floor, whole)],
    ['`doctor`', "and each container's", ...besideFloor(insides, whole)],
    ['`doctor CONTAINER`', "the host's commands", ...besideFloor(floor, asked)],
    ['`doctor CONTAINER`', "and that container's", ...besideFloor(single, asked)],
  ];
}

const LIST = [
  ...['-sf', '--unix-socket', (process.env['DOCKER_HOST'] ?? '').slice('unix://'.length)],
  `http://docker${LISTING}`,
];

/**
 * Gathers in the network namespace of the Engine that DOCKER_HOST names, then runs the built program there. The floor of the
 * facts is an empty Node process that asks the Engine, the two saves and what shows links, routes and tables, one after the
 * other, their output thrown away.
 */
export async function gatherHere(rounds: number): Promise<Gathered> {
  const again: number[] = [];
  let rules = 0;
  for (let round = -1; round < rounds; round++) {
    const begun = performance.now();
    const { drift } = await gatherFacts(realDiagnosisHost('/nowhere'), {
      reference: { source: 'both', stored: undefined },
      named: [],
    });
    again.push(performance.now() - begun);
    if ('rules' in drift) rules = drift.rules;
  }
  const installed = new Installed('bare');
  try {
    const commands = (): number => installed.commands([...HOST_COMMANDS, TABLES]);
    const { floor } = interleave(
      { floor: () => installed.ask([LISTING]) + installed.saves() + commands() },
      rounds,
    );
    const [first = NaN, ...later] = again;
    return { rules, floor: floor.wall, first, again: later, whole: measureWhole(installed, WHOLE_ROUNDS) };
  } finally {
    installed.dispose();
  }
}
