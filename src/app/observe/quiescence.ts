import type { EngineReply } from '../../docker/engine-reply.ts';
import type { Observer } from '../ports.ts';

/**
 * Waits until the containers that rules speak of are through with starting or stopping: dockerd lists a container as
 * running while it takes its rules away, one by one, and an observation in between must not call them lost.
 *
 * @param rules - texts of rules
 */
export async function awaitNamed(
  observer: Observer,
  rules: readonly string[],
  engine: EngineReply,
): Promise<void> {
  if (engine.answered) await awaitAll(observer, namedIn(rules, engine), engine);
}

/**
 * Waits until the containers that rules speak of, and those that may be starting, are through with what they are
 * doing. dockerd lists a container as running before its rules are gone, and only after they are written: without
 * this, a repair beside a deployment could leave a rule too many or too few.
 *
 * @param rules - texts of what is about to be written, or was
 */
export async function awaitRules(
  observer: Observer,
  rules: readonly string[],
  engine: EngineReply,
): Promise<void> {
  if (!engine.answered) return;
  await awaitAll(observer, [...namedIn(rules, engine), ...(await observer.listIdle(engine.socket))], engine);
}

type Answered = Extract<EngineReply, { answered: true }>;

const awaitAll = (observer: Observer, ids: readonly string[], { socket }: Answered): Promise<void> =>
  observer.awaitContainers([...new Set(ids)], socket);

const ADDRESSES = /\d+(?:\.\d+){3}|[\da-f]*(?::[\da-f]*){2,}/gi;

/** Ids of the containers whose addresses are in rules. */
function namedIn(rules: readonly string[], { inventory }: Answered): readonly string[] {
  const named = new Set(rules.flatMap((rule) => rule.match(ADDRESSES) ?? []));
  return inventory.endpoints
    .filter(({ ipv4, ipv6 }) => named.has(ipv4) || named.has(ipv6))
    .map(({ containerId }) => containerId);
}
