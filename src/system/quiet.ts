import type { Plan } from '../guard/plan.ts';
import { FAMILIES } from '../iptables/model.ts';
import type { Answer } from './engine.ts';

/**
 * Waits until the containers that rules speak of are through with starting or stopping: dockerd lists a container as
 * running while it takes its rules away, one by one, and who looks in between must not call them lost.
 *
 * @param rules - texts of rules
 */
export async function awaitNamed(rules: readonly string[], word: Answer): Promise<void> {
  if (word.answered) await awaitAll(namedIn(rules, word), word);
}

/**
 * Waits until the containers a plan put rules back for, and those that may be starting, are through with what they are
 * doing. dockerd lists a container as running before its rules are gone, and only after they are written: without
 * this, a repair beside a deployment could leave a rule too many or too few.
 */
export async function awaitChanges(plan: Plan, word: Answer): Promise<void> {
  if (!word.answered) return;
  const rules = FAMILIES.flatMap((family) => plan.families[family].tables).flatMap(({ steps }) =>
    steps.flatMap((step) => ('rule' in step ? [step.rule.text] : [])),
  );
  const { listIdle } = await import('./engine.ts');
  await awaitAll([...namedIn(rules, word), ...(await listIdle(word.socket))], word);
}

type Answered = Extract<Answer, { answered: true }>;

async function awaitAll(ids: readonly string[], { socket }: Answered): Promise<void> {
  const { awaitContainers } = await import('./engine.ts');
  await awaitContainers([...new Set(ids)], socket);
}

/** Ids of the containers whose addresses stand in rules. */
function namedIn(rules: readonly string[], { inventory }: Answered): readonly string[] {
  const text = rules.join('\n');
  return inventory.endpoints
    .filter(({ ipv4, ipv6 }) => [ipv4, ipv6].some((address) => address !== '' && text.includes(address)))
    .map(({ containerId }) => containerId);
}
