import type { EngineState, Untold } from '../../doctor/facts.ts';
import { askEngine, type Answer } from '../engine.ts';
import { getJson } from '../engine-http.ts';
import { findSocket } from '../engine-socket.ts';
import type { Processes } from './processes.ts';
import { orUntold } from './untold.ts';

/** As askEngine's; in milliseconds. */
const PATIENCE = 5_000;

/** An Engine's word, and the one thing more that a look at all containers needs. */
export interface Heard {
  readonly word: Answer;
  readonly list: List | Untold;
}

interface List {
  readonly socket: string;
  /** Of `GET /containers/json?all=true`. */
  readonly body: unknown;
}

/** Asks the Engine what exists, and lists all its containers beside that. Silence is in the answer, as a fault. */
export async function hear(): Promise<Heard> {
  const [word, list] = await Promise.all([askEngine(), orUntold(listAll())]);
  return { word, list };
}

async function listAll(): Promise<List> {
  const socket = await findSocket();
  const body = await getJson({ socket, path: '/containers/json?all=true', patience: PATIENCE });
  return { socket, body };
}

/**
 * The Engine as it answered, beside what its log says.
 *
 * @param processes - of Docker's seen here; a docker-proxy shows the setting that neither API nor dockerd's words may tell
 */
export function engineOf(
  word: Answer,
  log: readonly string[] | undefined,
  { proxies, daemons: [pid] }: Processes,
): EngineState {
  if (!word.answered) {
    const { code, message, hint, details } = word.fault;
    return { answered: false, code, message, hint, details, pid, log };
  }
  const { inventory, socket, daemons } = word;
  const { version, liveRestore, firewallBackend } = inventory;
  const userlandProxy =
    inventory.userlandProxy ?? daemons.facts.userlandProxy ?? (proxies.length > 0 || undefined);
  return {
    answered: true,
    version,
    socket,
    liveRestore,
    firewallBackend,
    userlandProxy,
    facts: daemons.facts,
    log,
  };
}
