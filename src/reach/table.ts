import type { FamilyIntent } from '../docker/intent/values.ts';
import { addressIn } from '../docker/inventory/inventory.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { NetworkState } from '../trace/network-state.ts';
import type { PathEnd } from '../trace/path.ts';
import type { Asking } from './askers.ts';
import { Alike, type End, type EndClass } from './alike.ts';
import { effectOf, type AskedFor, type Asker, type Cell, type Is } from './cell.ts';
import { followCell, type FollowContext } from './follow.ts';
import { portStandIn } from './ports.ts';
import { askingOf, questionsOf, type Question } from './questions.ts';
import { leavesAs, promisesOf, shouldOf } from './should.ts';
import { proxyKey, type Terrain } from './terrain.ts';

/** Who asks, by family; a family that Docker means nothing for is absent. */
export type HostAsking = Partial<Record<Family, Asking>>;

/**
 * Who reaches what on a host, and what Docker means to be reached: one cell for each who could ask each that could be asked. Packets that must
 * fare alike are followed once.
 *
 * @param asking - who asks, where two tables are to be compared; by default whoever tells this host's classes of packets apart
 */
export const reachTable = (terrain: Terrain, asking?: HostAsking): readonly Cell[] =>
  FAMILIES.flatMap((family) => {
    const intent = terrain.intent[family];
    return intent === undefined ? [] : familyTable(terrain, intent, asking?.[family]);
  });

/** Who asks in the table of a host. */
export function hostAsking(terrain: Terrain): HostAsking {
  const asking: HostAsking = {};
  for (const family of FAMILIES) {
    const intent = terrain.intent[family];
    if (intent === undefined) continue;
    const promises = promisesOf(intent, terrain.inventory.networks);
    asking[family] = askingOf(terrain, promises, alikeOf(terrain, family));
  }
  return asking;
}

function alikeOf({ inventory, netState }: Terrain, family: Family): Alike {
  const spots = inventory.endpoints.map((endpoint) => addressIn(endpoint, family));
  return new Alike(netState, family, new Set(spots.filter((one) => one !== '')));
}

function familyTable(terrain: Terrain, intent: FamilyIntent, asking?: Asking): readonly Cell[] {
  const { family } = intent;
  const { inventory, netState } = terrain;
  const promises = promisesOf(intent, inventory.networks);
  const alike = alikeOf(terrain, family);
  const around: Omit<FollowContext, 'netState'> = {
    portOf: portStandIn(netState),
    isServed: servedBy(terrain, intent),
    leavesAs: (bridge) => leavesAs(promises, bridge),
  };
  const follow = followOnce(alike, around, netState);
  const questions = questionsOf(terrain, promises, asking ?? askingOf(terrain, promises, alike));
  return questions.map(({ asker, asked, proto, published }): Cell => {
    const should = shouldOf(asker, asked, published, promises);
    const is = follow({ asker, asked, proto, published });
    return { family, proto, asker, asked, should, is, effect: effectOf(should, is, asker) };
  });
}

/** Follows each class of questions once. */
function followOnce(
  alike: Alike,
  around: Omit<FollowContext, 'netState'>,
  netState: NetworkState,
): (question: Question) => Is {
  const followed = new Map<string, ClassMember & { readonly is: Is }>();
  return ({ asker, asked, proto }) => {
    const end = endOf(asker, asked);
    const own = alike.classOf(end);
    const from = asker.by === 'container' && 'spot' in asked ? asker.spot.address : '';
    const key = [
      askerKey(asker, alike, from),
      asked.what,
      ...(asked.what === 'published' ? [asked.at] : 'address' in asked ? [asked.address] : []),
      'spot' in asked ? asked.spot.bridge : '',
      proto,
      around.portOf('spot' in asked ? asked.spot.bridge : ''),
      ...(asked.what === 'published' && around.isServed(proto, asked.at, asked.hostPort) ? ['served'] : []),
      ...(from !== '' && from !== end.address && alike.isPair(from, end.address) ? [from, end.address] : []),
      own.id,
    ].join(' ');
    const known = followed.get(key);
    if (known !== undefined) return retold(known.is, known, { from, end, own });
    const addresses = from === '' ? [end.address] : [from, end.address];
    const state = netState.unread === true ? netState : alike.stateFor(addresses, portsOf(asked));
    const is = followCell(asker, asked, proto, { ...around, netState: state });
    followed.set(key, { is, from, end, own });
    return is;
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
  return 'port' in asked ? [asked.port] : [53, 443];
};

function askerKey(asker: Asker, alike: Alike, from: string): string {
  if (asker.by === 'outside') return `outside ${asker.interface} ${asker.address}`;
  if (asker.by === 'host') return 'host';
  const { spot, is } = asker;
  const own = from === '' ? '' : alike.classOf({ address: from, port: 0, hostPort: 0 }).id;
  return `${is} ${spot.bridge} ${is === 'itself' ? '' : String(own)}`;
}

/** Who stands for a class, or is told what became of it. */
interface ClassMember {
  /** Address of the container that asks; '' for another asker. */
  readonly from: string;
  readonly end: End;
  readonly own: EndClass;
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
  const rule = now.own.own[was.own.own.indexOf(end.rule)];
  return rule === undefined ? end : { ...end, rule };
}

/** Whether docker-proxy serves a port: where nobody looked, as the daemon was told to. */
function servedBy({ proxies }: Terrain, { family, loopback }: FamilyIntent): FollowContext['isServed'] {
  if (proxies === undefined) return () => loopback === 'docker-proxy';
  return (proto, at, port) =>
    proxies.has(proxyKey(family, proto, at, port)) || proxies.has(proxyKey(family, proto, '', port));
}
