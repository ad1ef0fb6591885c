import type { FamilyIntent } from '../../../src/docker/intent/values.ts';
import { effectOf } from '../../../src/reach/cell.ts';
import { followCell, type FollowContext } from '../../../src/reach/follow.ts';
import { judge, type Whose } from '../../../src/reach/judge/cause.ts';
import { deciderKey } from '../../../src/reach/judge/decider.ts';
import { wayOf } from '../../../src/reach/judge/foreign.ts';
import { stateWithout } from '../../../src/reach/judge/without.ts';
import { portStandIn } from '../../../src/reach/ports.ts';
import { servedBy } from '../../../src/reach/served.ts';
import { leavesAs, promisesOf } from '../../../src/reach/should.ts';
import { openTables, type AnsweredCell } from '../../../src/reach/table.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';

/** Everybody is somebody's, whichever rules read alike. */
const whose: Whose = (decider) => {
  const key = deciderKey(decider);
  let sum = 7;
  for (let i = 0; i < key.length; i++) sum = (sum * 31 + key.charCodeAt(i)) % 997;
  return (['docker', 'operator', 'other'] as const)[sum % 3] ?? 'other';
};

/** What becomes of every cell of a host, and why, and whichever of it is otherwise when its packets are followed by themselves. */
export function otherwise(terrain: Terrain): readonly unknown[] {
  return openTables(terrain).flatMap((table): readonly unknown[] => {
    const intent = terrain.intent[table.family];
    if (intent === undefined) return [table.family];
    const alone = followAlone(terrain, intent);
    return table
      .groups()
      .flatMap(({ members }) => members())
      .flatMap((question) => {
        const answered = table.answer(question);
        const [told, itself] = [toldOf(answered), alone(answered)];
        return JSON.stringify(told) === JSON.stringify(itself) ? [] : [{ cell: answered.cell, itself }];
      });
  });
}

const toldOf = ({ cell, judgedBy }: AnsweredCell): unknown => {
  if (cell.effect === 'same') return { is: cell.is };
  const { cause, decider } = judgedBy(whose);
  return { is: cell.is, cause, decider: deciderKey(decider) };
};

/** Follows the packets of one cell through all rules, and judges them. */
function followAlone(terrain: Terrain, intent: FamilyIntent): (answered: AnsweredCell) => unknown {
  const { netState } = terrain;
  const promises = promisesOf(intent, terrain);
  const context: FollowContext = {
    netState,
    portOf: portStandIn(netState),
    servedBy: servedBy(terrain, intent),
    leavesAs: (bridge) => leavesAs(promises, bridge),
  };
  return ({ cell: { asker, asked, proto, should } }) => {
    const followed = followCell(asker, asked, proto, context);
    const effect = effectOf(should, followed.is, asker);
    if (effect === 'same') return { is: followed.is };
    const { cause, decider } = judge(
      followed,
      { effect, way: wayOf(asker, asked, effect) },
      whose,
      (gone) => {
        const left = { ...context, netState: stateWithout(netState, gone) };
        return effectOf(should, followCell(asker, asked, proto, left).is, asker);
      },
    );
    return { is: followed.is, cause, decider: deciderKey(decider) };
  };
}
