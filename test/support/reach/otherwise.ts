import type { FamilyIntent } from '../../../src/docker/intent/values.ts';
import { effectOf, type AskedFor, type Asker, type Is, type Should } from '../../../src/reach/cell.ts';
import { followCell, type FollowContext } from '../../../src/reach/follow.ts';
import { judge, type Whose } from '../../../src/reach/judge/cause.ts';
import { deciderKey } from '../../../src/reach/judge/decider.ts';
import { wayOf } from '../../../src/reach/judge/foreign.ts';
import { stateWithout } from '../../../src/reach/judge/without.ts';
import { portStandIn } from '../../../src/reach/ports.ts';
import { servedBy } from '../../../src/reach/served.ts';
import { leavesAs, promisesOf, shouldOf } from '../../../src/reach/should.ts';
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

/** Follows the packets of one cell through all rules, and judges them; what docker-proxy asks in IPv4 when it is asked by IPv6, too. */
function followAlone(terrain: Terrain, intent: FamilyIntent): (answered: AnsweredCell) => unknown {
  const itself = followFamily(terrain, intent);
  return ({ cell: { asker, asked, proto, should } }) => {
    const told = itself(asker, asked, proto, should);
    const isBeyond = asked.what === 'published' && asked.proxied !== undefined && told.is.is === 'proxied';
    if (!isBeyond) return told.effect === 'same' ? { is: told.is } : told.judged();
    const { ipv4 } = terrain.intent;
    const own: AskedFor = { what: 'own-port', spot: asked.spot, port: asked.port };
    const host: Asker = { by: 'host' };
    const beyond = followFamily(terrain, ipv4)(
      host,
      own,
      proto,
      shouldOf(host, own, undefined, promisesOf(ipv4, terrain)),
    );
    if (beyond.is.is === 'reached') return { is: told.is };
    const is: Is = { ...beyond.is, ...(beyond.is.is !== 'proxied' && { leg: 'proxy' }) };
    return effectOf(should, is, asker) === 'same' ? { is } : { ...beyond.judged(), is };
  };
}

/** Follows the packets of a cell through the rules of one family. */
function followFamily(terrain: Terrain, intent: FamilyIntent) {
  const { netState } = terrain;
  const promises = promisesOf(intent, terrain);
  const context: FollowContext = {
    netState,
    portOf: portStandIn(netState),
    servedBy: servedBy(terrain, intent),
    leavesAs: (bridge) => leavesAs(promises, bridge),
  };
  return (asker: Asker, asked: AskedFor, proto: string, should: Should) => {
    const followed = followCell(asker, asked, proto, context);
    const effect = effectOf(should, followed.is, asker);
    return {
      is: followed.is,
      effect,
      judged: () => {
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
      },
    };
  };
}
