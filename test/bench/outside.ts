import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the outside client watches: one port for each server, each with its right answer. */
export interface Watching {
  readonly address: string;
  readonly ports: readonly { readonly port: number; readonly answer: string }[];
}

/** What it saw. */
export interface Seen {
  /** Ports that gave no right answer between the damage and the repair. */
  readonly lost: number;
  /** When the last port began to answer rightly without further failures, in milliseconds since 1970; null when not all did. */
  readonly passing: number | null;
  /** Connections from before the damage that still carry lines: those that were silent meanwhile, those that were not. */
  readonly silent: number;
  readonly talking: number;
  /** Those of the latter that the damage alone had already ended. */
  readonly broken: number;
}

/** How often each port is tried, and how long one try waits; in milliseconds. */
const EVERY = 50;
const TRY = 500;
/** How long all ports must have answered rightly to count as repaired, and how long to wait for that. */
const STEADY = 2_000;
const LONGEST = 120_000;
/** A connection that lost packets sends them again after 0.2, 0.6, 1.4, 3, 6.2 s and so on. */
const HELD = 15_000;

interface Try {
  readonly asked: number;
  readonly answered: number;
  readonly isRight: boolean;
}

const now = (): number => performance.timeOrigin + performance.now();

/** The outside client: prints `ready`; after a line with the time of the repair it waits, prints what it saw, and ends. */
export async function outside(input: string): Promise<void> {
  const { address, ports } = JSON.parse(input) as Watching;
  const tries = ports.map((): Try[] => []);
  const held = await Promise.all(
    ports.flatMap(({ port, answer }) => [hold(address, port, answer), hold(address, port, answer)]),
  );
  const talkers = held.filter((_, i) => i % 2 === 1);
  const timers = [
    ...ports.map(({ port, answer }, i) =>
      setInterval(() => {
        void attempt(address, port, answer).then((one) => tries[i]?.push(one));
      }, EVERY),
    ),
    setInterval(() => {
      for (const talker of talkers) talker.say();
    }, 100),
  ];
  while (!tries.every((list) => list.at(-1)?.isRight === true)) await sleep(EVERY);
  console.log('ready');
  const repair = Number(await nextLine());
  const since = now();
  while (now() - since < LONGEST && !tries.every((list) => isSteady(list, since))) await sleep(EVERY);
  for (const timer of timers) clearInterval(timer);
  const alive = await Promise.all(held.map((one) => one.isAlive()));
  const from = tries.map((list) => rightFrom(list, repair));
  const seen: Seen = {
    lost: tries.filter((list) => list.some((one) => !one.isRight && one.asked < repair)).length,
    passing: from.every((time) => time !== undefined) ? Math.max(...from) : null,
    silent: alive.filter((is, i) => is && i % 2 === 0).length,
    talking: alive.filter((is, i) => is && i % 2 === 1).length,
    broken: talkers.filter((one) => one.ended() < repair).length,
  };
  console.log(JSON.stringify(seen));
  process.exit();
}

async function nextLine(): Promise<string> {
  for await (const line of createInterface(process.stdin)) return line;
  throw new Error('the bench is gone');
}

/** Whether there were only right answers for a while, the last of them just now. */
function isSteady(list: readonly Try[], since: number): boolean {
  const recent = list.filter(({ answered }) => answered > now() - STEADY);
  return now() - since > STEADY && recent.length > 10 && recent.every(({ isRight }) => isRight);
}

/** When the first answer came after which all were right. */
function rightFrom(list: readonly Try[], repair: number): number | undefined {
  const ordered = list.toSorted((a, b) => a.asked - b.asked);
  const wrong = ordered.findLastIndex(({ isRight }) => !isRight);
  return ordered.slice(wrong + 1).find(({ asked }) => asked >= repair)?.answered;
}

/** One line over a new connection. */
function attempt(address: string, port: number, answer: string): Promise<Try> {
  const asked = now();
  return new Promise((resolve) => {
    const socket = connect(port, address);
    const end = (isRight: boolean): void => {
      clearTimeout(alarm);
      socket.destroy();
      resolve({ asked, answered: now(), isRight });
    };
    const alarm = setTimeout(() => {
      end(false);
    }, TRY);
    socket.on('error', () => {
      end(false);
    });
    socket.on('close', () => {
      end(false);
    });
    socket.on('connect', () => socket.write('who am I?\n'));
    socket.on('data', (data) => {
      end(data.toString() === `${answer}\n`);
    });
  });
}

interface Held {
  say(): void;
  /** When it was closed, in milliseconds since 1970; Infinity while it is not. */
  ended(): number;
  /** Whether a line sent now is answered. */
  isAlive(): Promise<boolean>;
}

/** A connection that stays open. */
function hold(address: string, port: number, answer: string): Promise<Held> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, address);
    let ended = Infinity;
    socket.on('error', reject);
    socket.on('close', () => {
      ended = now();
    });
    socket.on('connect', () => socket.write('first\n'));
    socket.once('data', (data) => {
      if (data.toString() !== `${answer}\n`) {
        reject(new Error(`port ${String(port)} answered: ${data.toString()}`));
        return;
      }
      const say = (): void => {
        if (socket.writable) socket.write('still here\n');
      };
      resolve({ say, ended: () => ended, isAlive: () => lives(socket) });
    });
  });
}

async function lives(socket: Socket): Promise<boolean> {
  // Earlier lines are answered first; once no answer comes any more, the next answer belongs to the next line.
  const before = socket.bytesRead;
  if (!socket.writable) return false;
  socket.write('at last\n');
  const deadline = now() + HELD;
  while (now() < deadline && socket.readable && socket.bytesRead === before) await sleep(EVERY);
  return socket.bytesRead > before;
}
