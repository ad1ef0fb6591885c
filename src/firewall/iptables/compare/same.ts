import type { OwnedRule } from '../ownership/ownership.ts';

/** Whether Docker's rules are as recorded, each once and in that order: true of nearly every chain in nearly every check. */
export function dockersAreTheSame(desired: readonly OwnedRule[], live: readonly OwnedRule[]): boolean {
  let next = 0;
  const nextOfDockers = (): OwnedRule | undefined => {
    while (next < live.length && live[next]?.owner !== 'docker') next++;
    return live[next++];
  };
  return (
    desired.every(({ owner, rule }) => owner !== 'docker' || nextOfDockers()?.rule.text === rule.text) &&
    nextOfDockers() === undefined
  );
}
