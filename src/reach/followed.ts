import { isDockersTable } from '../firewall/nftables/ownership/ownership.ts';
import type { NetworkState } from '../trace/network-state.ts';
import type { Alike } from './alike/alike.ts';
import { deciderOfOther, endOfOther, type Counterparts } from './alike/counterparts.ts';
import type { End, EndClass } from './alike/end.ts';
import type { Concerned } from './alike/concerned-rules.ts';
import type { Form } from './alike/forms.ts';
import { translatedDecider, translatedIs, withAddresses } from './translated.ts';
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

/** A class of questions, and whoever of it came first. */
interface KnownClass {
  readonly member: ClassMember;
  readonly is: Is;
  readonly shared: FollowedClass;
  /** A decider that the class's packets met, as this member meets it. */
  readonly retell: ToldQuestion['retell'];
}

/** Follows each class of questions once, and of classes that differ in the names of their networks alone one. */
export function followOnce(
  alike: Alike,
  around: Omit<FollowContext, 'netState'>,
  netState: NetworkState,
): (question: Question) => ToldQuestion {
  const followed = new Map<string, KnownClass>();
  const byForm = new Map<string, { readonly form: Form; readonly shared: FollowedClass }>();
  const leaves = new Map<string, string>();
  const leavesAs = (bridge: string): string => {
    const known = leaves.get(bridge) ?? JSON.stringify(around.leavesAs(bridge) ?? '');
    leaves.set(bridge, known);
    return known;
  };
  const followNew = ({ asker, asked, proto }: Question, member: ClassMember): KnownClass => {
    const follow = (one: NetworkState) => followCell(asker, asked, proto, { ...around, netState: one });
    const { from, end } = member;
    const others = [...('at' in asked ? [asked.at] : []), ...('address' in asked ? [asked.address] : [])];
    const stranger = asker.by === 'outside' ? asker.address : '';
    const [fromBridge, bridge] = bridgesOf(asker, asked);
    let known: Concerned | undefined;
    const concerned = (): Concerned =>
      (known ??= alike.concerning({
        addresses: [end.address, stranger, from, ...others].filter((address) => address !== ''),
        ports: portsOf(asked),
        bridges: [fromBridge, bridge].filter((name) => name !== ''),
      }));
    const isRead = netState.unread === undefined;
    const isOfFamily = asked.what !== 'published' || asked.proxied === undefined;
    const form =
      isRead && isOfFamily
        ? alike.formOf(
            { ...member, fromBridge, bridge, concerned, others: [...others, stranger] },
            [
              asker.by === 'outside'
                ? `${asker.interface} ${asker.address}`
                : asker.by === 'host'
                  ? 'host'
                  : asker.is,
              ...[asked.what, ...others, proto, asked.what === 'outside' ? String(asked.port ?? '') : ''],
              asked.what === 'published' ? (around.servedBy(proto, asked.at, asked.hostPort) ?? '') : '',
              asker.by === 'container' ? leavesAs(asker.spot.bridge) : '',
            ].join(' '),
          )
        : undefined;
    const kin = form && byForm.get(form.key);
    if (form !== undefined && kin !== undefined) {
      const { shared } = kin;
      const is = translatedIs(shared.is, kin.form, form);
      const retell = <Retold extends Decider>(decider: Retold): Retold =>
        translatedDecider(decider, kin.form, form);
      if (is !== undefined) return { member, is, shared, retell };
    }
    const state = isRead ? concerned().state() : netState;
    const cell = follow(state);
    let deciders: readonly Decider[] | undefined;
    const shared: FollowedClass = {
      ...cell,
      without: (gone) => follow(stateWithout(state, gone)).is,
      deciders: () => (deciders ??= [...actors(cell), endingOf(cell)]),
      judged: new Map(),
    };
    if (form !== undefined && kin === undefined) byForm.set(form.key, { form, shared });
    return { member, is: shared.is, shared, retell: (decider) => decider };
  };
  return (question) => {
    const { asker, asked, proto } = question;
    const end = endOf(asker, asked);
    const own = alike.classOf(end);
    const from = asker.by === 'container' && 'spot' in asked ? asker.spot.address : '';
    const fromOwn =
      from === '' || from === end.address
        ? undefined
        : alike.classOf({ address: from, port: 0, hostPort: 0 });
    const order = fromOwn === undefined ? '' : alike.orderOf(fromOwn, own);
    const key = [
      askerKey(asker, fromOwn),
      asked.what,
      ...(asked.what === 'published' ? [asked.at] : 'address' in asked ? [asked.address] : []),
      asked.what === 'outside' ? (asked.port ?? '') : '',
      'spot' in asked ? asked.spot.bridge : '',
      proto,
      around.portOf('spot' in asked ? asked.spot.bridge : ''),
      ...(asked.what === 'published' ? [around.servedBy(proto, asked.at, asked.hostPort) ?? ''] : []),
      ...(alike.isPair(from, end.address, own) ? [from, end.address] : []),
      own.id,
      own.elsewhere.includes(from) ? from : '',
      order,
    ].join(' ');
    const member = { from, end, own, fromOwn, order };
    const known = followed.get(key) ?? followNew(question, member);
    followed.set(key, known);
    const { member: was, is, shared, retell } = known;
    if (was === member) return { is, shared, retell };
    if (namesRule(is)) return followNew(question, member);
    return {
      is: retold(is, was, member),
      shared,
      retell: (decider) => retoldDecider(retell(decider), was, member),
    };
  };
}

/** The bridge of a container that asks another one, and that of the one asked, or of the one that asks somebody else. */
function bridgesOf(asker: Asker, asked: AskedFor): readonly [string, string] {
  const own = asker.by === 'container' ? asker.spot.bridge : '';
  return 'spot' in asked ? [own, asked.spot.bridge] : ['', own];
}

/** The end that tells one question of a class from the next: who is asked, or who asks outside. */
function endOf(asker: Asker, asked: AskedFor): End {
  if ('spot' in asked) {
    const { spot, port } = asked;
    if (asked.what === 'published' && asked.proxied !== undefined)
      return { address: '', port: asked.hostPort, hostPort: asked.hostPort };
    return { address: spot.address, port, hostPort: asked.what === 'published' ? asked.hostPort : 0 };
  }
  return { address: asker.by === 'container' ? asker.spot.address : '', port: 0, hostPort: 0 };
}

const portsOf = (asked: AskedFor): readonly number[] => {
  if (asked.what === 'published')
    return asked.proxied === undefined ? [asked.port, asked.hostPort] : [asked.hostPort];
  return asked.what === 'name-server' || asked.port === undefined ? OUTSIDE_PORTS : [asked.port];
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
  /** In which order the two meet the rules that only one of them has. */
  readonly order: string;
}

/** Whether what is said of an unknown way is the text of a rule of Docker's own tables, which may name whom it concerns. */
const namesRule = (one: Is): boolean =>
  one.is === 'unknown' &&
  one.end.at === 'unknown' &&
  one.end.why.startsWith('nft: ') &&
  isDockersTable(one.end.table ?? '');

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
    case 'unknown': {
      const end = endOfOther(is.end, counterpartsOf(was, now));
      return { ...is, end: end.at === 'lost' ? { ...end, detail: renamed(end.detail, was, now) } : end };
    }
  }
}

/** What is told of the one's addresses, told of the other's. */
const renamed = (detail: string, was: ClassMember, now: ClassMember): string =>
  withAddresses(detail, [was.end.address, was.from], [now.end.address, now.from]);

/** The rules that only the ends of a class's members meet. */
const counterpartsOf = (was: ClassMember, now: ClassMember): Counterparts => [
  [was.own.placed, now.own.placed],
  [was.fromOwn?.placed ?? [], now.fromOwn?.placed ?? []],
];

const retoldDecider = <Retold extends Decider>(
  decider: Retold,
  was: ClassMember,
  now: ClassMember,
): Retold =>
  decider.by === 'kernel'
    ? { ...decider, detail: renamed(decider.detail, was, now) }
    : deciderOfOther(decider, counterpartsOf(was, now));
