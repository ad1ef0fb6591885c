import { readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { filterOf } from '../../doctor/probe/capture.ts';
import type { CountedListing } from '../../doctor/probe/native-counts.ts';
import type { ProbeObservation } from '../../doctor/probe/observed.ts';
import type { PlannedProbe } from '../../doctor/probe/probe-plan.ts';
import { EMPTY_RULESET, type Variant, type Ruleset } from '../../firewall/iptables/text/model.ts';
import { parseSave } from '../../firewall/iptables/text/parse.ts';
import { toolName } from '../../firewall/iptables/text/tools.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import type { VariantRules } from '../../trace/network-state.ts';
import { run } from '../command/command.ts';
import { sendAll } from './senders.ts';
import { startCapture } from './tcpdump.ts';

/** Milliseconds for one reading of the rules: a probe is not worth a longer wait. */
const READING = 1200;
/** Milliseconds after the last reply in which tcpdump prints what it has captured. */
const SETTLE = 100;

/**
 * Sends the packets of all probes from the namespaces they begin in, and observes how far they come: by the replies, by the
 * counters of the rules, and by tcpdump where it is installed. Changes nothing: no rule, no interface, no setting. Takes at
 * most six seconds, and leaves no process behind, however this one ends.
 *
 * @param variants - those that hold rules
 * @param tables - of nftables' own, whose counters are read too: where Docker writes with nftables
 */
export async function sendProbes(
  probes: readonly PlannedProbe[],
  variants: readonly Variant[],
  tables?: readonly string[],
): Promise<ProbeObservation> {
  const sendable = probes.flatMap(({ packet, others }) =>
    'unavailable' in packet ? [] : [{ packet, others }],
  );
  if (sendable.length === 0)
    return { replies: new Map(), before: [], after: [], packets: undefined, notes: [] };
  const judged = sendable.map(({ packet }) => packet);
  const families = FAMILIES.filter((family) => judged.some((packet) => packet.family === family));
  const ownNetns = await readlink('/proc/self/ns/net');
  const [capture, before, listed] = await Promise.all([
    startCapture(filterOf(judged)),
    readRulesets(variants, families),
    tables && readListings(tables),
  ]);
  try {
    const replies = await sendAll(
      sendable.flatMap(({ packet, others }) => [packet, ...others]),
      ownNetns,
    );
    await sleep(SETTLE);
    const [after, listedAfter] = await Promise.all([
      before && readRulesets(variants, families),
      tables && listed && readListings(tables),
    ]);
    const natives = listed && listedAfter && { before: listed, after: listedAfter };
    // What Docker's own tables counted decides what is proven there: without it nothing is said of rules.
    const isRead = after !== undefined && (tables === undefined || natives !== undefined);
    const captured = 'unavailable' in capture ? capture : await capture.stop();
    const notes = [
      ...('unavailable' in captured ? [captured.unavailable] : []),
      ...(!isRead ? ['the counters of the rules could not be read in time'] : []),
    ];
    const packets = 'unavailable' in captured ? undefined : captured.packets;
    return {
      ...{ replies, before, after: isRead ? after : undefined, packets, notes },
      ...(natives === undefined ? {} : { natives }),
    };
  } finally {
    if (!('unavailable' in capture)) await capture.stop();
  }
}

/** Tables of nftables' own with what their rules counted; undefined where one cannot be listed in time. */
async function readListings(tables: readonly string[]): Promise<readonly CountedListing[] | undefined> {
  try {
    return await Promise.all(
      tables.map(async (table) => {
        const words = ['nft', '-a', 'list', 'table', ...table.split(' ')] as const;
        const { stdout, exitCode, stderr } = await run([...words], { timeout: READING });
        if (exitCode !== 0) throw new Error(stderr);
        return { table, text: stdout };
      }),
    );
  } catch {
    return undefined;
  }
}

/** The rules with their counters. A family nothing is sent in is not read. */
async function readRulesets(
  variants: readonly Variant[],
  families: readonly Family[],
): Promise<readonly VariantRules[] | undefined> {
  try {
    return await Promise.all(
      variants.map(async (variant) => {
        const read = async (family: Family): Promise<Ruleset> => {
          if (!families.includes(family)) return EMPTY_RULESET;
          const tool = toolName(family, variant, 'save');
          const { stdout, exitCode, stderr } = await run([tool, '-c'], { timeout: READING });
          if (exitCode !== 0) throw new Error(stderr);
          return parseSave(stdout, tool).ruleset;
        };
        const [ipv4, ipv6] = await Promise.all([read('ipv4'), read('ipv6')]);
        return { variant, rules: { ipv4, ipv6 } };
      }),
    );
  } catch {
    // The replies are judged all the same; a note beside them says that the counters are missing.
    return undefined;
  }
}
