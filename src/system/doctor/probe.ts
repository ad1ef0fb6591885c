import { randomInt } from 'node:crypto';
import { readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { countedOn, translationSeen } from '../../doctor/counted.ts';
import type { Check, Diagnosis } from '../../doctor/diagnosis.ts';
import type { Facts } from '../../doctor/facts.ts';
import type { ProbeSeen } from '../../doctor/probe-seen.ts';
import { judgeProbe } from '../../doctor/proof.ts';
import { HERE, planProbes, type PlannedProbe, type ProbePlan, type Shot } from '../../doctor/shots.ts';
import { filterOf, sightingsOf } from '../../doctor/sightings.ts';
import { EMPTY_RULESET, FAMILIES, type Backend, type Family, type Ruleset } from '../../iptables/model.ts';
import { parseSave } from '../../iptables/parse.ts';
import type { Bank } from '../../trace/terrain.ts';
import { run } from '../command.ts';
import { toolName } from '../kernel.ts';
import { sendAll, type Outcome } from './senders.ts';
import { watch } from './watch.ts';

/** Senders' ports, one for each shot: above those that Linux hands out by itself, so that they are ours. */
const PORTS = { first: 61_000, last: 65_400 } as const;
/** Milliseconds for one reading of the rules: a probe is not worth a longer wait. */
const READING = 1200;
/** Milliseconds after the last answer in which tcpdump prints what it has seen. */
const SETTLE = 100;

/**
 * Sends a few real packets along named paths, from the namespaces they begin in, and tells how far they came: by the
 * answers, by the counters of the rules, and by tcpdump where it is installed. Changes nothing: no rule, no
 * interface, no setting. Takes at most six seconds, and leaves no process behind, however this one ends.
 *
 * @param diagnosis - its paths; at most twelve are probed
 * @param facts - as the paths were traced by
 */
export async function probePaths(
  diagnosis: Pick<Diagnosis, 'paths'>,
  facts: Facts,
): Promise<readonly Check[]> {
  const plan = planProbes(diagnosis.paths, facts, randomInt(PORTS.first, PORTS.last));
  if (plan.probes.length === 0) return [];
  const seen = await observe(plan, facts);
  return [
    ...plan.probes.map((probe, i) => judgeProbe(probe.path, seenOf(probe, seen, i === 0))),
    ...restOf(plan),
  ];
}

/** All that was observed while the packets were under way. */
interface Observed {
  readonly outcomes: ReadonlyMap<Shot, Outcome>;
  readonly before: readonly Bank[] | undefined;
  readonly after: readonly Bank[] | undefined;
  /** What tcpdump printed; undefined where it did not watch. */
  readonly packets: string | undefined;
  readonly notes: readonly string[];
}

async function observe({ probes }: ProbePlan, facts: Facts): Promise<Observed> {
  const shots = probes.flatMap(({ shot, others }) => ('untold' in shot ? [] : [shot, ...others]));
  const judged = probes.flatMap(({ shot }) => ('untold' in shot ? [] : [shot]));
  const families = FAMILIES.filter((family) => judged.some((shot) => shot.family === family));
  const backends = facts.terrain.banks.map(({ backend }) => backend);
  if (shots.length === 0)
    return { outcomes: new Map(), before: [], after: [], packets: undefined, notes: [] };
  const ownNetns = await readlink('/proc/self/ns/net');
  const [watching, before] = await Promise.all([watch(filterOf(judged)), readBanks(backends, families)]);
  try {
    const outcomes = await sendAll(shots, ownNetns);
    await sleep(SETTLE);
    const after = before === undefined ? undefined : await readBanks(backends, families);
    const watched = 'untold' in watching ? watching : await watching.stop();
    const notes = [
      ...('untold' in watched ? [watched.untold] : []),
      ...(after === undefined ? ['the counters of the rules could not be read in time'] : []),
    ];
    return { outcomes, before, after, packets: 'untold' in watched ? undefined : watched.packets, notes };
  } finally {
    if (!('untold' in watching)) await watching.stop();
  }
}

/** The rules with their counters. A family nothing is sent in is not read. */
async function readBanks(
  backends: readonly Backend[],
  families: readonly Family[],
): Promise<readonly Bank[] | undefined> {
  try {
    return await Promise.all(
      backends.map(async (backend) => {
        const read = async (family: Family): Promise<Ruleset> => {
          if (!families.includes(family)) return EMPTY_RULESET;
          const tool = toolName(family, backend, 'save');
          const { stdout, exitCode, stderr } = await run([tool, '-c'], { timeout: READING });
          if (exitCode !== 0) throw new Error(stderr);
          return parseSave(stdout, tool).ruleset;
        };
        const [ipv4, ipv6] = await Promise.all([read('ipv4'), read('ipv6')]);
        return { backend, rules: { ipv4, ipv6 } };
      }),
    );
  } catch {
    // The packets still tell by their answers; that the counters are missing is said beside them.
    return undefined;
  }
}

const UNSENT: Outcome = { answer: 'unsent', detail: 'it was not sent' };

function seenOf(probe: PlannedProbe, observed: Observed, isFirst: boolean): ProbeSeen {
  const { path, shot, others } = probe;
  const { outcomes, before, after, packets } = observed;
  const outcome =
    'untold' in shot ? { answer: UNSENT.answer, detail: shot.untold } : (outcomes.get(shot) ?? UNSENT);
  const isRead = before !== undefined && after !== undefined;
  return {
    from: 'untold' in shot ? HERE : shot.from,
    to: 'untold' in shot ? path.path.packet.destination : nameOf(shot),
    standsIn: probe.standsIn,
    target: probe.target,
    gateway: probe.gateway,
    ...outcome,
    counted: isRead ? countedOn(path, probe.translation, before, after) : undefined,
    sightings: packets === undefined || 'untold' in shot ? undefined : sightingsOf(packets, shot),
    doors: probe.doors,
    proxy: probe.proxy !== undefined,
    translation: isRead ? translationSeen(probe.translation, before, after) : 'untold',
    others: others.map((other) => ({
      from: other.from,
      to: nameOf(other),
      ...(outcomes.get(other) ?? UNSENT),
    })),
    notes: isFirst ? observed.notes : [],
  };
}

function nameOf({ destination, port, protocol }: Shot): string {
  if (protocol === 'icmp') return `${destination} (ping)`;
  return `${destination.includes(':') ? `[${destination}]` : destination}:${String(port)}/${protocol}`;
}

/** Paths beyond what is probed at once: not silently left out. */
function restOf({ probes, leftOut }: ProbePlan): readonly Check[] {
  if (leftOut === 0) return [];
  return [
    {
      section: 'proof',
      code: 'proof-untold',
      about: '',
      verdict: 'warn',
      title: `${String(leftOut)} more paths were not probed: no more than ${String(probes.length)} are at once`,
      meaning: '',
      evidence: [],
      remedies: [{ what: 'ask about one container, network or port', commands: [] }],
    },
  ];
}
