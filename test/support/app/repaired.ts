import { observe } from '../../../src/app/observe/observe.ts';
import { repair, type Repaired } from '../../../src/app/restore/repair.ts';
import type { EngineReply } from '../../../src/docker/engine-reply.ts';
import type { Fault } from '../../../src/fault.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import type { JournalEntry } from '../../../src/reconcile/journal.ts';
import type { Reference } from '../../../src/reconcile/reference.ts';
import { recordedHost } from '../recorded/observation.ts';
import { withRule } from './edit-rules.ts';
import { memoryHost, type Circumstances, type MemoryHost } from './memory-host.ts';

const { live, reply, stored } = recordedHost('engine-29.7');

/** A recorded host, its Engine's reply, and the baseline of it. */
export const ENGINE: EngineReply = reply;
export const STORED = stored;

/** Rules that are not Docker's, in the places where they could be taken for its own, and its own order be lost. */
const FOREIGN = [
  ['filter', '-A FORWARD -s 203.0.113.7/32 -j DROP', 'first'],
  ['filter', '-A FORWARD -s 203.0.113.8/32 -j ACCEPT', 'last'],
  ['filter', '-A DOCKER-USER -s 203.0.113.9/32 -j DROP', 'last'],
  ['nat', '-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 203.0.113.10:80', 'first'],
  ['nat', '-A POSTROUTING -s 203.0.113.0/24 -j MASQUERADE', 'first'],
] as const;

/** Its rules, whole, with those of others among them. */
export const WHOLE: HostRules = FOREIGN.reduce(
  (rules, [table, text, where]) => withRule(rules, 'ipv4', table, text, where),
  live.rules,
);

export const BY_ENGINE: Reference = { source: 'engine', stored: undefined };
export const BY_ALL: Reference = { source: 'both', stored };
export const OPTIONS = { policies: 'leave', assumeUnchanged: false, rehearse: true } as const;

/** Repairs a host; whatever becomes of it. */
export async function repaired(
  damaged: HostRules,
  circumstances: Circumstances = {},
  { reference = BY_ENGINE, engine = ENGINE, change = (host: MemoryHost): MemoryHost => host } = {},
): Promise<{
  readonly host: MemoryHost;
  readonly result: Repaired | undefined;
  readonly fault: Fault | undefined;
}> {
  const host = memoryHost(damaged, engine, circumstances);
  const first = await observe(host, reference);
  try {
    return { host, result: await repair(change(host), reference, first, OPTIONS), fault: undefined };
  } catch (error) {
    return { host, result: undefined, fault: error as Fault };
  }
}

/** What the journal says became of each apply, the first first. */
export const outcomesOf = ({ entries }: MemoryHost): readonly string[] =>
  [...entries.values()].map(({ action, outcome }: JournalEntry) => `${action} ${outcome}`);
