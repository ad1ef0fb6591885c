import type { NativeChain, NativeRule } from '../../../firewall/nftables/text/model.ts';
import { managerOfNative } from '../../../firewall/iptables/ownership/managers.ts';
import { isDockersTable } from '../../../firewall/nftables/ownership/ownership.ts';
import { sh } from '../../../shell.ts';
import { readNatives } from '../../../trace/native/tables.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { namesOf, pathLines, stopOf, type Group } from '../../paths/follow.ts';
import { advise, proposal, untried } from '../../remedies/proposal.ts';
import { deleteNative, letBridgesPass, openNativePolicy } from '../../remedies/native.ts';
import { isForSome } from '../../remedies/native-senders.ts';
import { wordsOf, type NativeStop } from '../../remedies/native-stop.ts';
import { isFirewalld } from '../../remedies/removal.ts';
import { harmless, offered } from '../../remedies/offer.ts';
import { keepersWay } from '../../remedies/host-firewall.ts';
import { propose } from '../../remedies/propose.ts';
import { mayBeDockers, whoseStop } from '../../whose.ts';
import { checksOf } from '../check.ts';
import { closedOnPurpose } from './closed-on-purpose.ts';

/**
 * nftables' own tables stand beside iptables'. A chain that drops all that is forwarded, and lets nothing pass, is reported by
 * itself, whatever else its table does; what others stop shows in the paths.
 */
export function judgeNatives(facts: Facts): readonly Check[] {
  const { fail } = checksOf('rules');
  return readNatives(facts.netState).flatMap(({ table, read }) => {
    // A table of one family, or of bridges, does not see all packets: the paths show what it stops.
    if (!/^(?:inet|ip) /.test(table) || read?.isDormant === true) return [];
    // What is wrong with Docker's own is told with its rules.
    if (facts.tables !== undefined && isDockersTable(table)) return [];
    const closed = [...(read?.chains.values() ?? [])].find(isClosed);
    if (closed === undefined) return [];
    const { name, base, rules } = closed;
    return [
      fail('native-drop', `nftables' own table ${table} drops every forwarded packet`, {
        about: table,
        meaning: besideOf(facts, table),
        evidence: [
          `chain ${name}: hook forward, policy ${base?.policy ?? ''}`,
          ...rules.map((rule) => rule.text).slice(0, 3),
        ],
        remedies: openClosed(table, closed, facts),
        impairs: 'all',
      }),
    ];
  });
}

const besideOf = ({ tables, leftTables }: Pick<Facts, 'tables' | 'leftTables'>, table: string): string =>
  leftTables?.names.includes(table) === true
    ? leftTables.isAlone
      ? 'Docker wrote this table once and does not keep it up to date any more'
      : 'the Engine that was asked does not write this table: it is left from before, or another Engine keeps it'
    : tables === undefined
      ? "iptables does not show it, and no rule of Docker's can overrule it"
      : "what it drops, no rule in Docker's own tables can let through";

const CORRECT = 'let packets pass, then correct the file it is loaded from';

/** What is narrowest first: the rest of what the host forwards may be closed on purpose. */
function openClosed(table: string, { name, base, rules }: NativeChain, facts: Facts): readonly Remedy[] {
  const passing = letBridgesPass(table, name, facts);
  const [family, own] = wordsOf(table);
  const [{ handle } = { handle: '' }, ...others] = rules.filter(dropsAll);
  // One rule of several that drop everything is no remedy; whatever else the chain holds stays.
  const isAll = others.length === 0;
  return harmless(
    [
      ...(base?.policy === 'drop' && passing.length > 0
        ? [
            proposal(
              "let it pass what Docker's rules decide about; also in the file it is loaded from",
              ...passing,
            ),
          ]
        : []),
      ...(base?.policy === 'drop'
        ? [proposal(CORRECT, openNativePolicy(table, name))]
        : isAll && handle !== ''
          ? [
              proposal(
                'delete it, then correct the file it is loaded from',
                deleteNative(table, name, handle),
              ),
            ]
          : []),
    ],
    facts,
    advise(sh`let it pass what Docker's rules decide about: nft -a list chain ${family} ${own} ${name}`),
  );
}

/** Every forwarded packet ends in it. */
function isClosed({ base, rules }: NativeChain): boolean {
  if (base?.type !== 'filter' || base.hook !== 'forward') return false;
  const letsPass = rules.some(
    ({ verdict }) => verdict !== undefined && (!('is' in verdict) || !/^(?:drop|reject)$/.test(verdict.is)),
  );
  return !letsPass && (base.policy === 'drop' || rules.some(dropsAll));
}

const dropsAll = ({ verdict, conditions, doubt }: NativeRule): boolean =>
  verdict !== undefined && conditions.length === 0 && doubt === undefined;

/** A path that a rule, or a policy, of nftables' own tables ends. */
export function judgeNativeStop(group: Group, end: NativeStop, facts: Facts): Check {
  const { followed, first } = group;
  const { table, chain, rule, target } = end;
  const [tableFamily, tableName] = wordsOf(table);
  const ends = target === 'REJECT' ? 'refuses' : 'drops';
  const stop = stopOf(group.first);
  const whose = stop && whoseStop(stop, facts);
  const isUnzoned = isFirewalld(table) && whose !== undefined && whose !== 'operator';
  const what = rule === undefined ? `the policy of chain ${chain}` : `a rule in chain ${chain}`;
  const evidence = [...(rule === undefined ? [] : [rule.text]), ...pathLines(followed)];
  if (whose === 'docker' && mayBeDockers(first.request, facts))
    return closedOnPurpose(group, facts, { about: namesOf(followed), evidence });
  if (facts.tables !== undefined && !isUnzoned && !isDockersTable(table))
    return checksOf('path').fail(
      'native-stops',
      `closed by ${what} of table ${table}: ${first.request.name}${followed.length > 1 ? `, and ${String(followed.length - 1)} more` : ''}`,
      {
        ...{ about: namesOf(followed), evidence },
        meaning: `${authorIn(table, chain, whose)}; ${besideOf(facts, table)}`,
        remedies: offered(
          group,
          facts,
          propose,
          (stop && keepersWay(group, stop, facts)) ??
            advise('to open it, let that rule leave these packets out where it is configured'),
        ).concat(
          whose === 'operator'
            ? []
            : [untried('shows', 'if it is meant, check says how to record that', 'rulesguard check')],
        ),
      },
    );
  const isMeant = !isUnzoned && isForSome(end, facts);
  return checksOf('path').fail(
    'native-stops',
    `${what} of nftables' own table ${table} ${ends} packets for ${namesOf(followed)}`,
    {
      about: namesOf(followed),
      meaning: besideOf(facts, table),
      evidence,
      remedies: isUnzoned
        ? [...offered(group, facts, propose), RESTART_DOCKERD]
        : offered(
            isMeant ? answersIn(group) : group,
            facts,
            propose,
            (stop && keepersWay(group, stop, facts)) ??
              advise(
                sh`let the table accept these packets before that: nft -a list table ${tableFamily} ${tableName}`,
              ),
          ),
    },
  );
}

/** The answers that a rule ends, where it does: who closes a port to strangers means none of them. Else what it ends. */
function answersIn(group: Group): Group {
  const followed = group.followed.filter(({ path }) => path.packet.state === 'ESTABLISHED');
  const [first] = followed;
  return first === undefined ? group : { followed, first };
}

/** Whose a rule is that is not Docker's. */
function authorIn(table: string, chain: string, whose: ReturnType<typeof whoseStop> | undefined): string {
  const manager = managerOfNative(table, chain);
  if (manager !== undefined) return `it is ${manager}'s`;
  return whose === 'operator' ? 'it is your own' : "it is not Docker's";
}

const RESTART_DOCKERD = advise(
  "or let dockerd put all of its bridges into firewalld's zone docker: systemctl restart docker (stops containers, unless live-restore is on)",
);
