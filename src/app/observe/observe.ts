import type { EngineReply } from '../../docker/engine-reply.ts';
import { writesNftables } from '../../docker/firewall-backend.ts';
import { Fault } from '../../fault.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { EMPTY_RULESET } from '../../firewall/iptables/text/model.ts';
import { isBroken, isDamage } from '../../reconcile/finding.ts';
import { observationOf, type Observation } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import type { LiveFirewall } from '../../reconcile/tables/live-firewall.ts';
import { goesByRecordedTables } from '../../reconcile/tables/recorded.ts';
import { digestOfLive } from './digests.ts';
import { beginLeft, withTables } from './docker-tables.ts';
import type { ReadRules } from '../../host/xtables/kernel.ts';
import type { Observer } from '../ports.ts';
import { awaitNamed } from './quiescence.ts';
import { readSettled } from './settled.ts';

/** What has been begun already, so that it is not done twice. */
export interface Begun {
  readonly reading?: ReadRules;
  readonly asking?: Promise<EngineReply>;
}

/**
 * Reads the live rules, asks the Engine, and compares them with what should be there.
 *
 * @throws Fault of the Engine when there is nothing but the Engine to go by
 */
export async function observe(
  observer: Observer,
  reference: Reference,
  begun: Begun = {},
): Promise<Observation> {
  return observationOf(reference, ...(await readFirewall(observer, reference, begun)));
}

/** The live rules and the Engine's reply, as {@link observe} compares them. @throws Fault of what could not be read */
export async function readFirewall(
  observer: Pick<Observer, 'beginReading' | 'readTables' | 'readHeldTables' | 'askEngine'>,
  reference: Pick<Reference, 'stored' | 'declared'>,
  { reading = observer.beginReading(), asking = observer.askEngine() }: Begun = {},
): Promise<[LiveFirewall, EngineReply]> {
  const read = reading(reference.stored?.baseline.variant);
  const left = beginLeft(observer, reference);
  const held = beginHeld(observer, reference);
  const all = await Promise.all([unlessNotInstalled(read, reference, asking), asking, left]);
  return [{ ...(await withTables(observer, reference, all)), ...(await held) }, all[1]];
}

/** Reads one variant and asks again, and compares. */
export async function observeAgain(
  observer: Observer,
  reference: Reference,
  before: Pick<Observation, 'live' | 'engine'>,
): Promise<Observation> {
  return observationOf(reference, ...(await readAgain(observer, reference, before)));
}

/** The live rules and the Engine's reply once more. */
export async function readAgain(
  observer: Observer,
  reference: Reference,
  before: Pick<Observation, 'live' | 'engine'>,
): Promise<[LiveFirewall, EngineReply]> {
  const asking = askAgain(observer, before.engine);
  const reading = observer.readVariant(before.live.variant);
  const left = beginLeft(observer, reference, before.engine);
  const held = beginHeld(observer, reference);
  const all = await Promise.all([unlessNotInstalled(reading, reference, asking), asking, left]);
  return [{ ...(await withTables(observer, reference, all)), ...(await held) }, all[1]];
}

/** Begins to read the tables that are declared, if any is. @throws Fault of what could not be listed */
export function beginHeld(
  { readHeldTables }: Pick<Observer, 'readHeldTables'>,
  { declared }: Pick<Reference, 'declared'>,
): Promise<Pick<LiveFirewall, 'held'>> {
  const { tables = [] } = declared ?? {};
  if (tables.length === 0) return Promise.resolve({});
  const reading = readHeldTables(tables).then((held) => ({ held }));
  // Where something else cannot be read it is not asked for.
  reading.catch(() => undefined);
  return reading;
}

/** No rule of iptables, and no program that could have written one. */
export const NOT_INSTALLED: Live = {
  variant: 'nft',
  version: undefined,
  rules: { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET },
};

/**
 * The rules of iptables. Where Docker writes with nftables iptables need not be installed (EL10): its tables, should the kernel hold any, are
 * then read with nftables' own (`host/nft/within.ts`).
 *
 * @throws Fault of the reading
 */
const unlessNotInstalled = (
  reading: Promise<Live>,
  reference: Pick<Reference, 'stored'>,
  asking: Promise<EngineReply>,
): Promise<Live> => orNotInstalled(reading, NOT_INSTALLED, reference, asking);

/** As {@link unlessNotInstalled}, of another reading. @param none - of no rule */
export async function orNotInstalled<Rules>(
  reading: Promise<Rules>,
  none: Rules,
  { stored }: Pick<Reference, 'stored'>,
  asking: Promise<EngineReply>,
): Promise<Rules> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'RG_MISSING_TOOL') throw error;
    const engine = await asking;
    const isNft = engine.answered ? writesNftables(engine.inventory) : goesByRecordedTables(stored, engine);
    if (isNft) return none;
    throw error;
  }
}

/** The Engine's reply once more. One that did not answer is not asked again: it may hang for seconds each time. */
export const askAgain = ({ askEngine }: Observer, before: EngineReply): Promise<EngineReply> =>
  before.answered ? askEngine() : Promise.resolve(before);

/** Milliseconds between two observations. */
export const PAUSE = 100;
export const MAX_OBSERVATIONS = 20;

/**
 * Observes until the same damage is seen twice, or none: dockerd takes its jumps out and puts them in again whenever a
 * network is made (Engines up to 27), and writes a container's rules one by one; an observation in between must not raise
 * an alarm.
 */
export async function observeUntilStable(
  observer: Observer,
  reference: Reference,
  begun?: Begun,
): Promise<Observation> {
  let seen = await observe(observer, reference, begun);
  for (let times = 1; times < MAX_OBSERVATIONS && seen.findings.some(isBroken); times++) {
    const damaged = seen.findings.filter(isDamage).map(({ rule }) => rule ?? '');
    await Promise.all([observer.sleep(PAUSE), awaitNamed(observer, damaged, seen.engine)]);
    const again = await observe(observer, reference, { asking: askAgain(observer, seen.engine) });
    if (sawTheSame(again, seen)) return again;
    seen = again;
  }
  return seen;
}

/**
 * The live rules beside what the Engine requires, when dockerd is not in the middle of something: two readings of the
 * rules agree, and where something is missing, two observations.
 *
 * @throws Fault of the Engine, or RG_UNSETTLED
 */
export async function observeSettled(observer: Observer): Promise<Observation> {
  const reading: ReadRules = () => readSettled(observer);
  return observeUntilStable(observer, { source: 'engine', stored: undefined }, { reading });
}

export function sawTheSame(a: Observation, b: Observation): boolean {
  return (
    digestOfLive(a.live) === digestOfLive(b.live) && JSON.stringify(a.findings) === JSON.stringify(b.findings)
  );
}
