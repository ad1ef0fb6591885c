import type { HostRules } from '../../docker/ownership.ts';
import { Fault } from '../../fault.ts';
import type { Backend } from '../../iptables/model.ts';
import type { Live } from '../kernel.ts';
import type { Input } from '../stdin.ts';
import { hasLegacyIn, readIn, stockWorld, takeStock } from './load.ts';
import { perform, settle } from './perform.ts';
import { layTripwires, type Tripwires } from './tripwires.ts';
import { sentIn } from './traffic.ts';
import { createWorld, type World } from './world.ts';

/** A command to rehearse. */
export interface Rehearsal {
  readonly words: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: Pick<Input, 'text' | 'ends'>;
  /** Time limit of the command, in seconds. */
  readonly seconds: number;
}

/** What a rehearsal showed. */
export type Rehearsed =
  | ({ readonly told: true } & Left)
  | ({
      readonly told: false;
      /** Why nobody can tell what the command would do, in one sentence. */
      readonly reason: string;
      readonly details: readonly string[];
    } & Partial<Left>);

const NFT_HANDLE = /\bhandle\s+\d/;

/** The other backend, before and after; `before` is undefined where it held nothing. */
export interface OtherBackend {
  readonly backend: Backend;
  readonly before: HostRules | undefined;
  readonly after: HostRules;
}

/** What the command left behind in the world. */
interface Left {
  /** In the backend of the live rules. */
  readonly rules: HostRules;
  /** In the other backend, where it holds anything now; `before` absent where it held nothing. */
  readonly other?: OtherBackend | undefined;
}

/**
 * Runs a command for real in a scratch world that holds the live rules of both families and backends, and reads them back.
 * What it writes, starts and mounts is gone afterwards; the host is as it was, except that its kernel may have loaded modules.
 *
 * A command that asks a daemon outside (systemd, D-Bus, Docker), fails, does not end, or leaves something running is not
 * told: on the host it may do otherwise. The rules as it left them come with that where they could be read.
 *
 * @param live - the live rules of the backend Docker uses
 * @param other - those of the other backend, where it holds any
 */
export async function rehearse(
  rehearsal: Rehearsal,
  live: Live,
  other: Live | undefined,
): Promise<Rehearsed> {
  const stock = await takeStock(other === undefined ? [live] : [live, other]);
  const world = await createWorld();
  if ('reason' in world) return { told: false, ...world };
  let wires: Tripwires | undefined;
  try {
    const unlike = await stockWorld(world, stock);
    if (unlike !== undefined)
      return { told: false, reason: 'the scratch world is not like this host', details: [unlike] };
    wires = await layTripwires(world.root);
    return await play(rehearsal, live, other, world, wires);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const details = error instanceof Fault ? [error.message, ...error.details] : [error.message];
    return { told: false, reason: 'the rules the rehearsal left cannot be read', details };
  } finally {
    wires?.remove();
    await world.end();
  }
}

async function play(
  rehearsal: Rehearsal,
  { backend }: Live,
  otherLive: Live | undefined,
  world: World,
  wires: Tripwires,
): Promise<Rehearsed> {
  const before = await sentIn(world);
  const { ending, said } = await perform(rehearsal, world);
  if (ending.by !== 'itself') return { told: false, ...whyStopped(ending.by, rehearsal, said) };
  const stayed = await settle(world.root);
  const rules = await readIn(world, backend);
  const otherBackend = backend === 'nft' ? 'legacy' : 'nft';
  const after =
    otherBackend === 'nft' || (await hasLegacyIn(world)) ? await readIn(world, otherBackend) : undefined;
  const left: Left = {
    rules,
    other: after && { backend: otherBackend, before: otherLive?.rules, after },
  };
  const untold = (reason: string, details: readonly string[]): Rehearsed => ({
    told: false,
    reason,
    details,
    ...left,
  });
  const touched = wires.touched();
  if (touched.length > 0)
    return untold(
      'it asks a service of this host, which a rehearsal cannot',
      touched.map((path) => `It reached for ${path}.`),
    );
  if ((await sentIn(world)) > before)
    return untold('it uses the network, which a rehearsal does not have', said);
  if (NFT_HANDLE.test(rehearsal.words.join(' ')))
    return untold('it names an nft handle, a number that is another one in every world', said);
  if (ending.status !== 'exit 0')
    return untold(`it failed in the rehearsal (${ending.status}), and may fail only there`, said);
  if (stayed.length > 0)
    return untold(
      'it leaves programs running, and what they do later is not known',
      stayed.map((name) => `Still running: ${name}`),
    );
  return { told: true, ...left };
}

function whyStopped(
  by: 'time' | 'question',
  { seconds }: Rehearsal,
  said: readonly string[],
): { readonly reason: string; readonly details: readonly string[] } {
  if (by === 'time')
    return { reason: `it did not end within ${String(seconds)} s in the rehearsal`, details: said };
  return {
    reason: 'it asks for input, and a rehearsal has none to give',
    details: [
      ...said,
      'Give the answer beforehand: echo y | rulesguard run -- COMMAND, or by an option of its own.',
    ],
  };
}
