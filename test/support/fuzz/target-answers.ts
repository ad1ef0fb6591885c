import { isRecord, type Answers } from '../../../src/docker/inventory/inventory.ts';
import { refuseFlawed, refuseUnlessDocker, soundInventory } from '../../../src/host/engine/judge.ts';
import { observationOf } from '../../../src/reconcile/observation.ts';
import type { EngineReply } from '../../../src/docker/engine-reply.ts';
import type { Target } from './campaign.ts';
import { consider, judged } from './consider.ts';
import { damaged, GROUNDS, storedOf, type Ground } from './hosts.ts';
import { mutateJson } from './mutate-json.ts';

/** What an Engine said, as the program takes it. @throws Fault when it is turned away */
export function wordOf(
  answers: Answers,
  { recorded, facts }: Ground,
): Extract<EngineReply, { answered: true }> {
  const socket = '/run/docker.sock';
  refuseUnlessDocker(socket, answers);
  refuseFlawed(socket, answers);
  const inventory = soundInventory(socket, answers);
  return {
    answered: true,
    inventory,
    socket,
    daemons: { count: 1, facts },
    interfaces: new Set(recorded.networks.map(({ bridge }) => bridge)),
  };
}

const NONE: Answers = { version: undefined, info: undefined, networks: undefined, containers: undefined };

/**
 * What an Engine answers: read, judged, made into rules, and a repair planned from it on a damaged host. Nothing of a
 * hostile answer may become more than a rule an Engine writes, with names and addresses that are some.
 */
export const ENGINE_ANSWERS: Target = {
  name: 'engine-answers',
  run: (dice) => {
    const ground = dice.pick(GROUNDS);
    const mutated = mutateJson(ground.answers, dice.pick(GROUNDS).answers, dice, { rough: 2, most: 4 });
    // Each answer may be anything; that there is a set of them is our own doing.
    const answers: Answers = { ...NONE, ...(isRecord(mutated) ? mutated : {}) };
    const stored = dice.oneIn(2) ? storedOf(ground.baseline) : undefined;
    return judged(() => {
      const word = wordOf(answers, ground);
      const live = damaged(ground.recorded.host, dice);
      consider(observationOf({ source: stored === undefined ? 'engine' : 'both', stored }, live, word), {
        policies: 'leave',
        assumeUnchanged: false,
      });
    });
  },
};
