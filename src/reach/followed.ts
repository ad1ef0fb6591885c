import type { Rule } from '../firewall/iptables/text/model.ts';
import type { NetworkState } from '../trace/network-state.ts';
import type { PathEnd } from '../trace/path.ts';
import type { Alike, End, EndClass } from './alike/alike.ts';
import type { Judgement } from './judge/cause.ts';
import type { AskedFor, Asker, Is } from './cell.ts';
import { actors, endingOf, type Decider } from './judge/decider.ts';
import { followCell, type FollowContext, type FollowedCell } from './follow.ts';
import { OUTSIDE_PORTS } from './question.ts';
import type { Question } from './questions.ts';
import { stateWithout } from './judge/without.ts';

/** What became of one class of questions: followed once, for whichever of them came first. */
export interface FollowedClass extends FollowedCell {
  /** Follows the same packets without some of what decides. */
  readonly without: (gone: readonly Decider[]) => Is;
  /** Everything that {@link judge} may ask whose it is. */
  readonly deciders: () => readonly Decider[];
  /** Why the class differs, once that was asked: by what was meant, and whose each decider is. */
  readonly judged: Map<string, Judgement>;
}

/** What became of one question. */
export interface ToldQuestion {
  readonly is: Is;
  readonly shared: FollowedClass;
  /** A decider of the class, as this question meets it. */
  readonly retell: <Retold extends Decider>(decider: Retold) => Retold;
}

/** Follows each class of questions once. */
export function followOnce(
  alike: Alike,
  around: Omit<FollowContext, 'netState'>,
  netState: NetworkState,
): (question: Question) => ToldQuestion {
  const followed = new Map<string, { readonly member: ClassMember; readonly shared: FollowedClass }>();
  return ({ asker, asked, proto }) => {
    const end = endOf(asker, asked);
    const own = alike.classOf(end);
    const from = asker.by === 'container' && 'spot' in asked ? asker.spot.address : '';
    const fromClass =
      from === '' || from === end.address
        ? undefined
        : alike.classOf({ address: from, port: 0, hostPort: 0 });
    const key = [
      askerKey(asker, fromClass),
      asked.what,
      ...(asked.what === 'published' ? [asked.at] : 'address' in asked ? [asked.address] : []),
      'spot' in asked ? asked.spot.bridge : '',
      proto,
      around.portOf('spot' in asked ? asked.spot.bridge : ''),
      ...(asked.what === 'published' ? [around.servedBy(proto, asked.at, asked.hostPort) ?? ''] : []),
      ...(from !== '' && from !== end.address && alike.isPair(from, end.address) ? [from, end.address] : []),
      own.id,
      fromClass === undefined ? '' : alike.orderOf(fromClass, own),
    ].join(' ');
    const member = { from, end, own, fromOwn: fromClass };
    const known = followed.get(key);
    if (known !== undefined) {
      const { member: was, shared } = known;
      return {
        is: retold(shared.is, was, member),
        shared,
        retell: (decider) => retoldDecider(decider, was, member),
      };
    }
    const asks = 'address' in asked ? [asked.address] : [from];
    const stranger = asker.by === 'outside' ? asker.address : '';
    const addresses = [end.address, stranger, ...asks].filter((address) => address !== '');
    const bridges = [
      ...(asker.by === 'container' ? [asker.spot.bridge] : []),
      ...('spot' in asked ? [asked.spot.bridge] : []),
    ];
    const state = netState.unread === true ? netState : alike.stateFor(addresses, portsOf(asked), bridges);
    const follow = (one: NetworkState) => followCell(asker, asked, proto, { ...around, netState: one });
    const cell = follow(state);
    let deciders: readonly Decider[] | undefined;
    const shared: FollowedClass = {
      ...cell,
      without: (gone) => follow(stateWithout(state, gone)).is,
      deciders: () => (deciders ??= [...actors(cell), endingOf(cell)]),
      judged: new Map(),
    };
    followed.set(key, { member, shared });
    return { is: shared.is, shared, retell: (decider) => decider };
  };
}

/** The end that tells one question of a class from the next: who is asked, or who asks outside. */
function endOf(asker: Asker, asked: AskedFor): End {
  if ('spot' in asked) {
    const { spot, port } = asked;
    return { address: spot.address, port, hostPort: asked.what === 'published' ? asked.hostPort : 0 };
  }
  return { address: asker.by === 'container' ? asker.spot.address : '', port: 0, hostPort: 0 };
}

const portsOf = (asked: AskedFor): readonly number[] => {
  if (asked.what === 'published') return [asked.port, asked.hostPort];
  return 'port' in asked ? [asked.port] : OUTSIDE_PORTS;
};

/** @param own - of a container that asks another one */
function askerKey(asker: Asker, own: EndClass | undefined): string {
  if (asker.by === 'outside') return `outside ${asker.interface} ${asker.address}`;
  if (asker.by === 'host') return 'host';
  const { spot, is } = asker;
  return `${is} ${spot.bridge} ${own === undefined ? '' : String(own.id)}`;
}

/** Who stands for a class, or is told what became of it. */
interface ClassMember {
  /** Address of the container that asks; '' for another asker. */
  readonly from: string;
  readonly end: End;
  readonly own: EndClass;
  /** Of a container that asks another one. */
  readonly fromOwn: EndClass | undefined;
}

/** What became of one question, told of another of its class: with the other's addresses, and the rules that only the other meets. */
function retold(is: Is, was: ClassMember, now: ClassMember): Is {
  switch (is.is) {
    case 'reached': {
      const as = is.as === was.from ? now.from : is.as === was.end.address ? now.end.address : is.as;
      return { is: 'reached', as };
    }
    case 'proxied':
      return is;
    case 'stopped':
    case 'unknown':
      return { ...is, end: retoldEnd(is.end, was, now) };
  }
}

function retoldEnd(end: PathEnd, was: ClassMember, now: ClassMember): PathEnd {
  if (end.at === 'lost') {
    const ends = new Map([
      [was.end.address, now.end.address],
      [was.from, now.from],
    ]);
    return { ...end, detail: end.detail.replaceAll(/[\da-f.:]+/g, (word) => ends.get(word) ?? word) };
  }
  if ((end.at !== 'stopped' && end.at !== 'unknown') || end.rule === undefined) return end;
  const rule = ruleOf(end.rule, was, now);
  return rule === undefined ? end : { ...end, rule };
}

/** @returns undefined for a rule that neither end has for itself */
const ruleOf = (rule: Rule, was: ClassMember, now: ClassMember): Rule | undefined =>
  now.own.own[was.own.own.indexOf(rule)] ?? now.fromOwn?.own[was.fromOwn?.own.indexOf(rule) ?? -1];

function retoldDecider<Retold extends Decider>(decider: Retold, was: ClassMember, now: ClassMember): Retold {
  const rule = decider.by === 'rule' ? ruleOf(decider.rule, was, now) : undefined;
  return decider.by === 'rule' && rule !== undefined ? { ...decider, rule } : decider;
}
