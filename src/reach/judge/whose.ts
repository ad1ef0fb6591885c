import type { OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import {
  isPanic,
  isWantedOf,
  isZoneless,
  namesSomebody,
  managerOf,
  managerOfNative,
} from '../../firewall/iptables/ownership/managers.ts';
import { writtenRule } from '../../firewall/iptables/ownership/written.ts';
import { USER_CHAIN } from '../../firewall/iptables/ownership/chain-shapes.ts';
import { isDockersTable } from '../../firewall/nftables/ownership/ownership.ts';
import { jumpGraph } from '../../firewall/iptables/text/jumps.ts';
import type { Table } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';
import { memory } from '../../trace/memory.ts';
import type { VariantRules } from '../../trace/network-state.ts';
import type { Whose, WrittenDecider } from './cause.ts';
import type { Decider } from './decider.ts';
import { AS_DECLARED, stoodKey, stoodWays, type StoodRule } from './foreign.ts';

/** What tells whose a decider is. */
export interface Owners {
  /** Who owns which rule: live, and as a restore would leave them. */
  readonly owned: readonly OwnedHost[];
  /** Every variant that holds rules. */
  readonly rulesets: readonly VariantRules[];
  /** What of others stood in the newest baseline, and what is declared; undefined without either, or where it does not say. */
  readonly stood?: readonly StoodRule[] | undefined;
  /**
   * Where Docker's firewall backend is nftables: whether a rule in a table of Docker's own is somebody else's. Whatever iptables holds
   * is then not Docker's any more, FORWARD's policy included. Absent where the backend is iptables.
   */
  readonly isForeignInTables?: ((rule: ForeignRule) => boolean) | undefined;
  /** What they do Docker does not mean; absent for none. */
  readonly leftTables?: LeftTables | undefined;
}

/** Tables of Docker's names that the Engine which answered does not write. */
export interface LeftTables {
  /** `ip docker-bridges` */
  readonly names: readonly string[];
  /** Whether no other Engine of this network namespace may keep them, so that they can be taken out. */
  readonly isAlone: boolean;
}

/** A rule as it is known in its table: `ip docker-bridges`, its chain, and nft's handle. */
export type ForeignRule = Pick<Extract<Decider, { by: 'native' }>, 'table' | 'chain' | 'handle'>;

/**
 * Tells whose a decider is. The operator's own are: DOCKER-USER and chains that only it leads to; what recognised firewall managers are
 * taken to do for him (`isWantedOf`); and everything the host's own INPUT and OUTPUT filter: of these nothing that takes a port from its
 * container, ends answers to what was let through, or refuses a bridge for want of a zone. And all that stood in the newest baseline. Of a
 * declared table its closing is his, within the same limits.
 */
export function whoseBy(owners: Owners): Whose {
  let dockers: ReadonlySet<string> | undefined;
  let stood: ReadonlySet<string> | undefined;
  const isDockers = (decider: Extract<Decider, { by: 'rule' }>): boolean =>
    (dockers ??= dockersIn(owners.owned)).has(ruleKey(decider.family, decider.table, decider.rule.text));
  const hasStood = (decider: WrittenDecider, way: string): boolean =>
    (stood ??= stoodWays(owners.stood ?? [])).has(`${way} ${stoodKey(decider)}`);
  const closesAsDeclared = (decider: WrittenDecider, way: string): boolean =>
    !way.startsWith('exposure ') && !takesPort(decider) && hasStood(decider, AS_DECLARED);
  const isOtherIn = owners.isForeignInTables;
  return (decider, way) => {
    if (decider.by === 'native' && isDockersTable(decider.table))
      return owners.leftTables?.names.includes(decider.table) === true || isOtherIn?.(decider) === true
        ? 'other'
        : 'docker';
    if (decider.by === 'rule' && isDockers(decider)) return 'docker';
    // What nobody can tell of a rule, its operator is not known to want, unless a program of his wrote it into a table of its own, or it
    // was so when the baseline was recorded.
    const isManagers = decider.by === 'native' && managerOfNative(decider.table, decider.chain) !== undefined;
    const isTold = isManagers || !way.startsWith('unknown ');
    const isMeant =
      isTold &&
      !cutsShort(decider, way) &&
      (isOperators(decider, way, owners) || closesAsDeclared(decider, way));
    if (isMeant || hasStood(decider, way)) return 'operator';
    // Docker sets it to DROP itself: what ends there, no rule of Docker's has let through.
    const isForward = decider.by === 'policy' && decider.table === 'filter' && decider.chain === 'FORWARD';
    return isForward && isOtherIn === undefined ? 'docker' : 'other';
  };
}

const ruleKey = (family: string, table: string, text: string): string => `${family} ${table} ${text}`;

const dockersIn = (owned: readonly OwnedHost[]): ReadonlySet<string> =>
  new Set(
    owned.flatMap(({ families }) =>
      FAMILIES.flatMap((family) =>
        [...families[family]].flatMap(([table, chains]) =>
          [...chains.values()].flatMap(({ rules }) =>
            rules.flatMap((one) =>
              one.owner === 'docker' ? [ruleKey(family, table, writtenRule(one).text)] : [],
            ),
          ),
        ),
      ),
    ),
  );

/**
 * Whether it ends what was let through before, most often an answer. Nobody means that, but he who shuts somebody out by name, or who closes
 * an interface, and with it keeps containers from the neighbours there; from all that lies beyond nobody keeps them so.
 */
function cutsShort(decider: WrittenDecider, way: string): boolean {
  const { later, discovers } = decider;
  // Whoever closes a host means no neighbour not to be found.
  if (discovers === true) return true;
  if (later === undefined || way.startsWith('exposure ')) return false;
  const isNear = later.nextHop === '' && / (?:outside|name-server)$/.test(way);
  return !isNear && !namesSomebody(textOf(decider));
}

/** '' for a policy. */
const textOf = (decider: WrittenDecider): string =>
  decider.by === 'policy' ? '' : decider.by === 'native' ? decider.rule : decider.rule.text;

/**
 * Whether it translates what comes to a port, or keeps it from being translated: what takes a published port from its container nobody
 * means, whichever program wrote it.
 */
const takesPort = (decider: WrittenDecider): boolean =>
  (decider.hook === 'PREROUTING' || decider.hook === 'OUTPUT') &&
  (decider.by === 'native' ? /\b(?:dnat|redirect)\b/.test(decider.rule) : decider.table === 'nat');

function isOperators(decider: WrittenDecider, way: string, { rulesets }: Owners): boolean {
  if (takesPort(decider)) return false;
  const { by, hook, table, chain, family } = decider;
  // What the host takes in and sends itself, its own firewall decides: a filter there, never a translation.
  const isHosts =
    (hook === 'INPUT' || hook === 'OUTPUT') &&
    (by === 'native' || table === 'filter' || table === 'security');
  if (by === 'native' && isPanic(table)) return false;
  if (isHosts) return true;
  if (by === 'policy') return false;
  const opens = way.startsWith('exposure ');
  const text = textOf(decider);
  const side = /^\S+ outside /.test(way) ? 'out' : 'in';
  const isStranger = !opens && isZoneless({ table, chain, text, led: decider.led }, side);
  const isManagers = (manager: string | undefined, held: Table | string): boolean =>
    manager !== undefined && !isStranger && isWantedOf(manager, text, opens, held);
  if (by === 'native') return isManagers(managerOfNative(table, chain), table);
  const tables = rulesets.flatMap(({ rules }) => rules[family].tables.get(table) ?? []);
  return tables.some((one) => isManagers(managerOf(decider.rule, one), one) || usersChains(one).has(chain));
}

const users = memory<ReadonlySet<string>>();

/** DOCKER-USER, and the chains that nothing but it leads to. */
const usersChains = (table: Table): ReadonlySet<string> =>
  users(table, '', () => {
    if (table.name !== 'filter') return new Set();
    const graph = jumpGraph(table);
    const from = new Map<string, string[]>();
    for (const [chain, targets] of graph)
      for (const target of targets) from.set(target, [...(from.get(target) ?? []), chain]);
    const found = new Set([USER_CHAIN]);
    const queue: string[] = [USER_CHAIN];
    for (let chain = queue.pop(); chain !== undefined; chain = queue.pop())
      for (const target of graph.get(chain) ?? [])
        if (!found.has(target) && from.get(target)?.every((one) => found.has(one)) === true) {
          found.add(target);
          queue.push(target);
        }
    return found;
  });
