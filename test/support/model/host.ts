import type { Host } from '../../../src/app/ports.ts';
import type { EngineReply } from '../../../src/docker/engine-reply.ts';
import type { DaemonFacts } from '../../../src/docker/settings.ts';
import type { Live } from '../../../src/firewall/iptables/text/live.ts';
import type { JournalEntry } from '../../../src/reconcile/journal.ts';
import { memoryHost } from '../app/memory-host.ts';
import { liveOf } from '../recorded/observation.ts';
import { SETTINGS } from '../recorded/inventories.ts';
import type { Script } from './dockerd.ts';
import { given, namesIn, keyOfEngine, keyOfRules, type World } from './world.ts';

/** Something a restore asks of its host, until it is let do it. */
export interface Pending {
  readonly what: string;
  /** Whether it can be answered now. */
  readonly isReady: (world: World) => boolean;
  /** Does it. @returns the host afterwards, and what is to be remembered of the answer */
  readonly go: (world: World) => { readonly world: World; readonly told: string };
}

/** The Engine's reply in a state of the host. */
const replyOf = ({ engine }: World): EngineReply => ({
  answered: true,
  inventory: engine,
  socket: '/run/docker.sock',
  daemons: { count: 1, facts: FACTS },
  interfaces: new Set(engine.networks.map(({ bridge }) => bridge)),
});

const FACTS: DaemonFacts = { ...SETTINGS, iptables: true };

/** How long dockerd takes at most from one step to the next while it makes or removes a network, in milliseconds: an assumption of the model. */
const STEP_WITHIN = 200;

/**
 * A restore's host that does nothing by itself: whatever is asked of it is put to `ask`, which lets it happen in an order of its own.
 *
 * @param containers - all there are, running or not, by id
 */
export function modelHost(
  script: Script,
  containers: readonly string[],
  ask: (pending: Pending) => Promise<void>,
): Host {
  const idle = memoryHost(liveOf(EMPTY).rules, { answered: false, fault: new Error('nobody') } as never);
  let now = 0;
  const asked = async <Answer>(
    what: string,
    answer: (world: World) => { readonly world?: World; readonly told: string; readonly answer: Answer },
    isReady: (world: World) => boolean = () => true,
  ): Promise<Answer> => {
    let answered: Answer | undefined;
    await ask({
      what,
      isReady,
      go: (world) => {
        const { world: after = world, told, answer: given } = answer(world);
        answered = given;
        return { world: after, told };
      },
    });
    return answered as Answer;
  };
  const read = (): Promise<Live> =>
    asked('read', (world) => ({
      world: { ...world, looked: { ...world.looked, writer: world.writer } },
      told: keyOfRules(world),
      answer: liveOf(world.rules),
    }));
  return {
    ...idle,
    now: () => now,
    sleep: (milliseconds) => {
      now += milliseconds;
      let from: number | undefined;
      return asked(
        'sleep',
        () => ({ told: '', answer: undefined }),
        (world) => {
          from ??= world.dockerd;
          return milliseconds < STEP_WITHIN || !script.isAmidNetwork(world) || world.dockerd > from;
        },
      );
    },
    beginReading: () => read,
    readVariant: read,
    askEngine: () =>
      asked('ask', (world) => ({
        world: {
          ...world,
          looked: { ...world.looked, listed: namesIn(world.engine) },
        },
        told: keyOfEngine(world),
        answer: replyOf(world),
      })),
    listIdle: () =>
      asked('list', ({ engine }) => {
        const running = new Set(engine.endpoints.map(({ containerId }) => containerId));
        const answer = containers.filter((id) => !running.has(id));
        return { told: answer.join(' '), answer };
      }),
    awaitContainers: (ids) =>
      asked(
        'await',
        () => ({ told: '', answer: undefined }),
        (world) => {
          const locked = script.locked(world);
          return locked === undefined || !ids.includes(locked);
        },
      ),
    rehearse: () => asked('rehearse', () => ({ told: '', answer: undefined })),
    writeRules: async (_, __, input) => {
      for (const table of input.tables) {
        const refused = await asked(`write ${table.table}`, (world) => {
          const after = given(world, 'restore', table);
          return after === undefined
            ? { told: 'refused', answer: 'refused' }
            : { world: after, told: '', answer: undefined };
        });
        if (refused !== undefined) return refused;
      }
      return undefined;
    },
    journal: {
      ...idle.journal,
      list: () => asked('journal', ({ journal }) => ({ told: '', answer: [...journal.keys()] })),
      read: (id) =>
        asked('journal', ({ journal }) => ({ told: '', answer: journal.get(id) as JournalEntry })),
      begin: (entry) =>
        asked('begin', (world) => {
          const id = String(world.journal.size + 1);
          return { world: noted(world, id, entry), told: '', answer: { id } };
        }),
      end: (id, entry) =>
        asked('end', (world) => ({ world: noted(world, id, entry), told: '', answer: undefined })),
    },
  };
}

const noted = (world: World, id: string, entry: JournalEntry): World => ({
  ...world,
  journal: new Map([...world.journal, [id, entry]]),
});

const EMPTY = { ipv4: { tables: new Map() }, ipv6: { tables: new Map() } };
