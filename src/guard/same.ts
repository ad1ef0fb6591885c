import type { OwnedRule } from '../docker/ownership.ts';

/** Whether Docker's rules stand as recorded, each once and in that order. Nearly every chain of nearly every check. */
export function dockersAreTheSame(base: readonly OwnedRule[], live: readonly OwnedRule[]): boolean {
  let next = 0;
  const nextOfDockers = (): OwnedRule | undefined => {
    while (next < live.length && live[next]?.owner !== 'docker') next++;
    return live[next++];
  };
  return (
    base.every(({ owner, rule }) => owner !== 'docker' || nextOfDockers()?.rule.text === rule.text) &&
    nextOfDockers() === undefined
  );
}
