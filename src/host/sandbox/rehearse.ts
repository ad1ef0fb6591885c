import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import type { LiveFirewall } from '../../reconcile/tables/live-firewall.ts';
import { sameTable } from '../../firewall/nftables/simulate/same.ts';
import { tableName } from '../../firewall/nftables/tables/print.ts';
import { readNatives } from '../nft/within.ts';
import { forCopy, namesHandle } from './rule-handles.ts';
import { readDockerTables } from '../nft/docker-tables.ts';
import type { HostRules, Variant } from '../../firewall/iptables/text/model.ts';
import { Fault } from '../../fault.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { hasLegacyIn, readIn, fillSandbox, readHostState } from './fill.ts';
import { runInSandbox, awaitQuiescence, type Ending, type SandboxCommand } from './run-in-sandbox.ts';
import { layTripwires, type Tripwires } from './tripwires.ts';
import { readSandboxNetwork, type SandboxNetwork } from './network.ts';
import { sentIn } from './traffic.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';

/** What a rehearsal showed. */
export type Rehearsed =
  | ({ readonly known: true } & RulesAfter)
  | ({
      readonly known: false;
      /** Why it cannot be predicted what the command would do, in one sentence. */
      readonly reason: string;
      readonly details: readonly string[];
    } & Partial<RulesAfter>);

const TOO_MUCH = 'it takes more memory, processes or disk space than the sandbox has';

/** The other variant, before and after; `before` is undefined where it held nothing. */
export interface OtherVariant {
  readonly variant: Variant;
  readonly before: HostRules | undefined;
  readonly after: HostRules;
}

/** What the command left behind in the sandbox. */
interface RulesAfter {
  /** In the variant of the live rules. */
  readonly rules: HostRules;
  /** Docker's own tables, where the live firewall has them. */
  readonly tables?: readonly NftTable[] | undefined;
  /** In the other variant, where it holds anything now; `before` absent where it held nothing. */
  readonly other?: OtherVariant | undefined;
  /** The rest of the sandbox's network, before and after the command; absent where there was none to read. */
  readonly network?: { readonly before: SandboxNetwork; readonly after: SandboxNetwork };
}

/**
 * Runs a command for real in a sandbox that holds the live rules of both families and variants, and reads them back.
 * What it writes, starts and mounts is gone afterwards; the host is as it was, except that its kernel may have loaded modules.
 *
 * A command that asks a daemon outside (systemd, D-Bus, Docker), fails, does not end, or leaves something running is not
 * predicted: on the host it may act differently. The rules it left are in the result where they could be read.
 *
 * @param live - the live rules of the variant Docker uses
 * @param other - those of the other variant, where it holds any
 */
export async function rehearse(
  rehearsal: SandboxCommand,
  live: LiveFirewall,
  other: Live | undefined,
): Promise<Rehearsed> {
  const stock = await readHostState(other === undefined ? [live] : [live, other]);
  const sandbox = await createSandbox();
  if ('reason' in sandbox) return { known: false, reason: sandbox.reason, details: sandbox.details };
  let wires: Tripwires | undefined;
  try {
    const unlike = (await fillSandbox(sandbox, stock)) ?? (await tablesUnlike(sandbox, live));
    if (unlike !== undefined)
      return { known: false, reason: 'the sandbox is not like this host', details: [unlike] };
    wires = await layTripwires(sandbox.root);
    return await play(rehearsal, live, other, sandbox, wires);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const details = error instanceof Fault ? [error.message, ...error.details] : [error.message];
    return { known: false, reason: 'the rules the rehearsal left cannot be read', details };
  } finally {
    await wires?.remove();
    await sandbox.end();
  }
}

/** Why Docker's own tables in a sandbox are not those of the host; undefined where they are, or it has none. */
async function tablesUnlike(
  { onNetwork }: Pick<Sandbox, 'onNetwork'>,
  { tables }: Pick<LiveFirewall, 'tables'>,
): Promise<string | undefined> {
  if (tables === undefined) return undefined;
  // What Docker never makes is kept as nft's JSON, with its number and with what it counted.
  const comparable = (all: readonly NftTable[]): ReadonlyMap<string, NftTable> =>
    new Map(all.map((table) => [tableName(table), { ...table, others: [] }]));
  const copied = comparable(await readDockerTables(onNetwork));
  for (const table of comparable(tables).values()) {
    const difference = sameTable(table, copied.get(tableName(table)));
    if (difference !== undefined)
      return `the host's table ${tableName(table)} loads otherwise than it stands: ${difference}`;
  }
  return undefined;
}

async function play(
  rehearsal: SandboxCommand,
  { variant, tables }: LiveFirewall,
  otherLive: Live | undefined,
  sandbox: Sandbox,
  wires: Tripwires,
): Promise<Rehearsed> {
  const [before, networkBefore] = await Promise.all([sentIn(sandbox), readSandboxNetwork(sandbox)]);
  const named = namesHandle(rehearsal.words)
    ? forCopy(rehearsal.words, (await readNatives()) ?? [], (await readNatives(sandbox.onNetwork)) ?? [])
    : rehearsal.words;
  const words = named ?? rehearsal.words;
  const { ending, said, wantedMore } = await runInSandbox({ ...rehearsal, words }, sandbox);
  if (ending.by !== 'itself') return { known: false, ...whyStopped(ending.by, rehearsal, said) };
  const stayed = await awaitQuiescence(sandbox.proc);
  const rules = await readIn(sandbox, variant);
  const otherVariant = variant === 'nft' ? 'legacy' : 'nft';
  const after =
    otherVariant === 'nft' || (await hasLegacyIn(sandbox)) ? await readIn(sandbox, otherVariant) : undefined;
  const left: RulesAfter = {
    rules,
    tables: tables && (await readDockerTables(sandbox.onNetwork)),
    other: after && { variant: otherVariant, before: otherLive?.rules, after },
    network: { before: networkBefore, after: await readSandboxNetwork(sandbox) },
  };
  const unknown = (reason: string, details: readonly string[]): Rehearsed => ({
    known: false,
    reason,
    details,
    ...left,
  });
  const touched = wires.touched();
  if (touched.length > 0)
    return unknown(
      'it needs a host service that is not available in the sandbox',
      touched.map((path) => `It tried to connect to ${path}.`),
    );
  if ((await sentIn(sandbox)) > before)
    return unknown('it uses the network, which is not available in the sandbox', said);
  if (named === undefined)
    return unknown('it names an nft handle, and handles have other numbers in the sandbox', said);
  if (ending.status !== 'exit 0')
    return unknown(`it failed in the rehearsal (${ending.status}), and may fail only there`, said);
  if (wantedMore) return unknown(TOO_MUCH, said);
  if (stayed.length > 0)
    return unknown(
      'it leaves programs running, and what they do later is not known',
      stayed.map((name) => `Still running: ${name}`),
    );
  return { known: true, ...left };
}

function whyStopped(
  by: Exclude<Ending['by'], 'itself'>,
  { seconds }: SandboxCommand,
  said: readonly string[],
): { readonly reason: string; readonly details: readonly string[] } {
  if (by === 'time')
    return { reason: `it did not end within ${String(seconds)} s in the rehearsal`, details: said };
  if (by === 'limit') return { reason: TOO_MUCH, details: said };
  return {
    reason: 'it asks for input, and there is none in the sandbox',
    details: [
      ...said,
      'Give the answer beforehand: echo y | rulesguard run -- COMMAND, or by an option of its own.',
    ],
  };
}
