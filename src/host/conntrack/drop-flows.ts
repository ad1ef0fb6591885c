import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../fault.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import type { DroppedFlows, UdpPort } from '../../reconcile/flows.ts';
import { run } from '../command/command.ts';
import { flowOf, ofFamily, parseEntries, reversedIn, toPorts, type UdpEntry } from './entries.ts';

/** The effects that dropping flows needs. */
export interface Conntrack {
  /** Runs `conntrack` with these words. */
  readonly conntrack: (
    words: readonly string[],
  ) => Promise<{ readonly stdout: string; readonly stderr: string }>;
  /** The addresses of this host. */
  readonly addresses: () => ReadonlySet<string>;
  /** Seconds after which the kernel forgets a UDP flow, and a UDP stream. */
  readonly timeouts: () => { readonly single: number; readonly stream: number };
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly now: () => number;
}

const REAL_CONNTRACK: Conntrack = {
  // Status 1 is also "nothing to delete"; the count on stderr distinguishes the two, and either way nothing is lost.
  conntrack: (words) => run(['conntrack', ...words]),
  addresses: () =>
    new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))),
  timeouts: () => ({
    single: secondsIn('nf_conntrack_udp_timeout', 30),
    stream: secondsIn('nf_conntrack_udp_timeout_stream', 120),
  }),
  sleep,
  now: Date.now,
};

const DELETED = /(\d+) flow entries have been deleted/;
/** Seconds within which a packet is answered, if at all. */
const RECENT = 2;
/** Milliseconds to wait for the clients' next packets in all, and between two listings. */
const PATIENCE = 1_000;
const PAUSE = 25;

/**
 * Drops the conntrack entries of published UDP ports, so that the next packet of each flow is translated by the rules again.
 * Only entries whose original destination is such a port; a flow that was right is merely translated again.
 *
 * If docker-proxy answers just when a flow is dropped, its answer leaves the host untranslated and makes an entry in the
 * other direction; the client's next packets would belong to that entry until the client pauses. Such entries, earlier ones
 * included, are dropped too, until every client that was sending has a new entry.
 *
 * @param ports - after the repair, see affectedUdpPorts
 */
export async function dropFlows(
  ports: readonly UdpPort[],
  tool: Conntrack = REAL_CONNTRACK,
): Promise<DroppedFlows> {
  const tally = { dropped: 0 };
  try {
    for (const family of FAMILIES) await dropFamily(ofFamily(ports, family), family, tool, tally);
    return { ports, dropped: tally.dropped, trouble: undefined };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const trouble = `${error.message}${error.hint === undefined ? '' : `. ${error.hint}`}`;
    return { ports, dropped: tally.dropped, trouble };
  }
}

interface Tally {
  dropped: number;
}

async function dropFamily(
  ports: readonly UdpPort[],
  family: Family,
  tool: Conntrack,
  tally: Tally,
): Promise<void> {
  if (ports.length === 0) return;
  const remove = async (words: readonly string[]): Promise<readonly UdpEntry[]> => {
    const { stdout, stderr } = await tool.conntrack(['-D', '-f', family, '-p', 'udp', ...words]);
    tally.dropped += Number(DELETED.exec(stderr)?.[1] ?? 0);
    return parseEntries(stdout);
  };
  const { single, stream } = tool.timeouts();
  /** Clients to whom an answer may be on its way: they have no entry, so the answer would make one. */
  const open = new Set<string>();
  for (const { port, hostIp } of ports) {
    const gone = await remove([
      '--orig-port-dst',
      port,
      ...(hostIp === undefined ? [] : ['--orig-dst', hostIp]),
    ]);
    for (const entry of gone)
      if (entry.untranslated && entry.left >= (entry.assured ? stream : single) - RECENT)
        open.add(flowOf(entry.from, entry.fromPort, entry.to, entry.toPort));
  }
  const own = tool.addresses();
  for (const deadline = tool.now() + PATIENCE; ; await tool.sleep(PAUSE)) {
    const entries = parseEntries((await tool.conntrack(['-L', '-f', family, '-p', 'udp'])).stdout);
    for (const { from, fromPort, to, toPort } of toPorts(entries, ports))
      open.delete(flowOf(from, fromPort, to, toPort));
    const reversed = reversedIn(entries, ports, own);
    for (const { from, fromPort } of new Map(
      reversed.map((entry) => [`${entry.from} ${entry.fromPort}`, entry]),
    ).values())
      await remove(['--orig-port-src', fromPort, '--orig-src', from]);
    // Docker-proxy may make another such entry before the client's next packet.
    for (const { from, fromPort, to, toPort } of reversed) open.add(flowOf(to, toPort, from, fromPort));
    if (open.size === 0 || tool.now() > deadline) return;
  }
}

function secondsIn(name: string, otherwise: number): number {
  try {
    return Number(readFileSync(`/proc/sys/net/netfilter/${name}`, 'utf8'));
  } catch {
    return otherwise;
  }
}
