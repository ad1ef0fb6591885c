import type { FamilyIntent } from '../docker/intent/values.ts';
import type { Family } from '../net/family.ts';
import { Alike } from './alike/alike.ts';
import { tooManyAlone } from './alike/alone.ts';
import type { Asking } from './askers.ts';
import { judge, type Judgement, type Whose } from './judge/cause.ts';
import { wayOf } from './judge/foreign.ts';
import { effectOf, type Cell, type Is } from './cell.ts';
import type { FollowContext } from './follow.ts';
import { followOnce } from './followed.ts';
import { portStandIn } from './ports.ts';
import { askingOf, questionGroups, type Classify, type Question, type QuestionGroup } from './questions.ts';
import { leavesAs, promisesOf, shouldOf } from './should.ts';
import { knownNames } from './names.ts';
import { servedBy } from './served.ts';
import type { Terrain } from './terrain.ts';

/** Who asks, by family; a family that Docker means nothing for is absent. */
export type HostAsking = Partial<Record<Family, Asking>>;

/** One answer of an {@link FamilyTable}. */
export interface AnsweredCell {
  readonly cell: Cell;
  /** What decides about it: only of a cell that differs, or is unknown. */
  readonly judgedBy: (whose: Whose) => Judgement;
}

/** One family's table of reachability, filled as it is asked. */
export interface FamilyTable {
  readonly family: Family;
  /** Who tells this host's classes of packets apart by asking. */
  readonly asking: () => Asking;
  /** Who could ask what. @param asking - who asks, by default {@link FamilyTable.asking}; and what classes there are */
  readonly groups: (asking?: Asking, classify?: Classify) => readonly QuestionGroup[];
  readonly classify: Classify;
  /** What becomes of a question, of this table or of another one of the same family. */
  readonly answer: (question: Question) => AnsweredCell;
}

/**
 * Who reaches what on a host, and what Docker means to be reached: one cell for each who could ask each that could be asked. Packets that must
 * fare alike are followed once. `judgedTable` says in addition why cells differ.
 *
 * @param asking - who asks, where two tables are to be compared; by default whoever tells this host's classes of packets apart
 */
export const reachTable = (terrain: Terrain, asking?: HostAsking): readonly Cell[] =>
  openTables(terrain).flatMap((table) =>
    table
      .groups(asking?.[table.family])
      .flatMap(({ members }) => members().map((question) => table.answer(question).cell)),
  );

/** Who asks in the table of a host. */
export const hostAsking = (terrain: Terrain): HostAsking =>
  Object.fromEntries(openTables(terrain).map(({ family, asking }) => [family, asking()]));

/** A table for each family that Docker means anything for. */
export const openTables = (terrain: Terrain): readonly FamilyTable[] => {
  const { ipv4, ipv6, proxied } = terrain.intent;
  const first = openTable(followable(terrain, 'ipv4'), ipv4);
  const second = ipv6 ?? (proxied.length === 0 ? undefined : nothingMeant(ipv4));
  return second === undefined
    ? [first]
    : [first, openTable(followable(terrain, second.family), second, first)];
};

/** What is meant where Docker leaves a family alone: nothing but that docker-proxy serves ports. */
const nothingMeant = ({ loopback }: FamilyIntent): FamilyIntent => ({
  ...{ family: 'ipv6', loopback, sharedLoopback: '', admittedMark: '', networks: [], published: [] },
  ...{ links: [], endpoints: [], mesh: undefined, overlays: [] },
});

/** A host whose packets can be followed; where they are too many, one of which nothing is known. */
function followable(terrain: Terrain, family: Family): Terrain {
  const why = terrain.netState.unread === undefined ? tooManyAlone(terrain, family) : undefined;
  return why === undefined
    ? terrain
    : { ...terrain, netState: { ...terrain.netState, natives: [], unread: why } };
}

/** @param inner - the table of IPv4, by which docker-proxy asks what it is asked by IPv6 */
function openTable(terrain: Terrain, intent: FamilyIntent, inner?: FamilyTable): FamilyTable {
  const { family } = intent;
  const { netState } = terrain;
  const promises = promisesOf(intent, terrain);
  const alike = new Alike(netState, family, knownNames(terrain, family));
  const around: Omit<FollowContext, 'netState'> = {
    portOf: portStandIn(netState),
    servedBy: servedBy(terrain, intent),
    leavesAs: (bridge) => leavesAs(promises, bridge),
  };
  const follow = followOnce(alike, around, netState);
  const linked = new Set(intent.links.flatMap(({ from, to }) => [from, to]));
  const classify: Classify = (end, asked) => {
    const { address } = end;
    if (inner !== undefined && address.includes('.')) return inner.classify(end);
    // Of two addresses that are named together what holds for each alone says nothing.
    const isOne = linked.has(address) || alike.isPaired(address);
    const served = asked === undefined ? '' : around.servedBy(asked.proto, asked.at, end.hostPort);
    return [alike.classOf(end).id, isOne ? address : '', served ?? ''].join(' ');
  };
  const asking = (): Asking => askingOf(terrain, promises, classify);
  return {
    family,
    asking,
    classify,
    groups: (by = asking(), classes = classify) => questionGroups(terrain, promises, by, classes),
    answer: (question) => {
      const { asker, asked, proto, published } = question;
      const should = shouldOf(asker, asked, published, promises);
      const { is, shared, retell } = follow(question);
      const effect = effectOf(should, is, asker);
      const beyond = is.is === 'proxied' ? innerQuestion(question) : undefined;
      const onwards = beyond && inner?.answer(beyond);
      if (onwards !== undefined && onwards.cell.is.is !== 'reached') {
        const lost: Is = { ...onwards.cell.is, ...(onwards.cell.is.is !== 'proxied' && { leg: 'proxy' }) };
        const cell = { family, proto, asker, asked, should, is: lost, effect: effectOf(should, lost, asker) };
        return { cell, judgedBy: onwards.judgedBy };
      }
      return {
        cell: { family, proto, asker, asked, should, is, effect },
        judgedBy: (whose) => {
          const way = wayOf(asker, asked, effect);
          const whoseHere: Whose = (decider, about) => whose(retell(decider), about);
          // Rules that read alike may be of different people: one container's stood in the baseline, the next one's is new.
          const owners = shared
            .deciders()
            .map((decider) => (decider.by === 'kernel' ? '' : whoseHere(decider, way)));
          const key = [should, ...owners].join(' ');
          const judgement =
            shared.judged.get(key) ??
            judge(shared, { effect, way }, whoseHere, (gone) =>
              effectOf(should, shared.without(gone), asker),
            );
          shared.judged.set(key, judgement);
          return { ...judgement, decider: retell(judgement.decider) };
        },
      };
    },
  };
}

/** What docker-proxy asks in IPv4, where it is asked by IPv6. */
const innerQuestion = ({ asked, proto }: Question): Question | undefined =>
  asked.what === 'published' && asked.proxied !== undefined
    ? {
        ...{ asker: { by: 'host' }, asked: { what: 'own-port', spot: asked.spot, port: asked.port } },
        ...{ proto, published: undefined },
      }
    : undefined;
