import type { NativeChain } from '../../firewall/nftables/text/model.ts';
import { isFirewallTable, isPanic, managerOfNative } from '../../firewall/iptables/ownership/managers.ts';
import { isDockersTable } from '../../firewall/nftables/ownership/ownership.ts';
import { commandLine, sh } from '../../shell.ts';
import { readNatives } from '../../trace/native/tables.ts';
import type { Stopped } from '../../trace/path.ts';
import type { Facts } from '../facts/facts.ts';
import { bridgeNetworks } from '../lookup.ts';
import type { Followed, Group } from '../paths/follow.ts';
import { wordsOf, type NativeStop, type NativeStopPlace } from './native-stop.ts';
import { whoseStop } from '../whose.ts';
import { zonePorts } from './host-firewall.ts';
import { nativeOpenings } from './native-openings.ts';
import { isForSome } from './native-senders.ts';
import { proposal, type Proposal, type RemedyStep } from './proposal.ts';
import { isFirewalld, PANIC_OFF, zoneCommand } from './removal.ts';

export const isNative = (end: Stopped): end is NativeStop => end.native !== undefined;

/** Has a chain's policy accept. */
export function openNativePolicy(table: string, chain: string): RemedyStep {
  const [family, name] = wordsOf(table);
  return {
    command: sh`nft chain ${family} ${name} ${chain} ${'{ policy accept; }'}`,
    change: { of: 'native', table, edit: { op: 'policy', chain, policy: 'accept' } },
  };
}

/** Deletes one rule of a chain. @param handle - nft's own for it */
export function deleteNative(table: string, chain: string, handle: string): RemedyStep {
  const [family, name] = wordsOf(table);
  return {
    command: sh`nft delete rule ${family} ${name} ${chain} handle ${handle}`,
    change: { of: 'native', table, edit: { op: 'delete', handle } },
  };
}

/**
 * Takes out a rule of nftables' own tables: where Docker left its table, the whole of it.
 *
 * @param what - the rule's table and chain, and nft's handle for it
 * @returns nothing for a table that another Engine may keep
 */
export function takeOutNative(
  { table, chain, handle }: { readonly table: string; readonly chain: string; readonly handle: string },
  words: string,
  { leftTables }: Pick<Facts, 'leftTables'>,
): readonly Proposal[] {
  if (leftTables?.names.includes(table) !== true)
    return [proposal(isDockersTable(table) ? 'delete it' : words, deleteNative(table, chain, handle))];
  const change = { of: 'native-table-gone', table } as const;
  return leftTables.isAlone
    ? [proposal(LEFT, { command: commandLine(['nft', 'delete', 'table', ...wordsOf(table)]), change })]
    : [];
}

const LEFT = 'take the table out: Docker wrote it once, and does not keep it up to date any more';

/** Has a chain accept what comes from Docker's bridges and what goes there, before its other rules. */
export function letBridgesPass(table: string, chain: string, facts: Facts): readonly RemedyStep[] {
  const [family, name] = wordsOf(table);
  const bridges = bridgeNetworks(facts).map(({ bridge }) => bridge);
  if (bridges.length === 0) return [];
  const listed = `{ ${bridges.map((bridge) => `"${bridge}"`).join(', ')} }`;
  return ['iifname', 'oifname'].map((side) => ({
    command: sh`nft insert rule ${family} ${name} ${chain} ${side} ${listed} accept`,
    change: {
      of: 'native',
      table,
      edit: { op: 'insert', chain, rules: [`${side} ${listed} accept`] },
    },
  }));
}

/** So many rules are put in front of one that stops a few ways, before all that Docker decides about is let past it. */
const FEW = 4;

/**
 * Takes a rule out; else has the chain accept what Docker's rules decide about anyway, or everything. What the operator closed, or a
 * program that bans addresses, stays but for what was asked. What a firewall, or Docker, would write again is not taken out.
 */
export function nativeProposals(group: Group, stop: NativeStopPlace, facts: Facts): readonly Proposal[] {
  const { table, chain, rule, native } = stop.end;
  const whose = whoseStop(stop, facts);
  if (whose === 'docker') return [];
  if (facts.leftTables?.names.includes(table) === true)
    return takeOutNative({ table, chain, handle: native.handle }, LEFT, facts);
  if (isFirewalld(table) && stop.hook === 'INPUT') return zonePorts(group, stop);
  const isKept = managerOfNative(table, chain) !== undefined;
  const narrow =
    facts.tables === undefined || isKept || isDockersTable(table) ? [] : nativeOpenings(group, stop);
  if (whose === 'operator') return narrow;
  if (isForSome(stop.end, facts)) return nativeOpenings(group, stop);
  const base = baseAt(table, group.first, facts);
  const isForward = base?.base?.hook === 'forward';
  if (isPanic(table))
    return [proposal('let packets pass again', { ...openNativePolicy(table, chain), command: PANIC_OFF })];
  if (isFirewalld(table)) return isForward ? intoZone(table, base.name, group, facts) : [];
  const passing = isForward && !isDockersTable(table) ? letBridgesPass(table, base.name, facts) : [];
  return [
    ...(rule === undefined || native.handle === '' || isFirewallTable(table)
      ? []
      : takeOutNative(
          { table, chain, handle: native.handle },
          `${facts.tables === undefined ? '' : 'if it is not wanted, '}delete it, also from the file it is loaded from`,
          facts,
        )),
    ...(rule === undefined ? [] : narrow.filter(({ steps }) => steps.length <= FEW)),
    ...(passing.length === 0
      ? []
      : [
          proposal(
            "let this table pass what Docker's rules decide about; also in the file it is loaded from",
            ...passing,
          ),
        ]),
    ...(rule === undefined
      ? [
          proposal(
            'let packets pass, then correct the file it is loaded from',
            openNativePolicy(table, chain),
          ),
        ]
      : []),
    ...narrow,
  ];
}

/**
 * Puts bridges into firewalld's zone that lets all pass, as dockerd does with a zone of its own. What firewalld makes of it is tried as the
 * widest that it could be: everything of a bridge's is accepted before anything else.
 */
function intoZone(
  table: string,
  chain: string,
  { followed }: Group,
  { networks }: Facts,
): readonly Proposal[] {
  const passed = followed.flatMap(({ path: { last, packet } }) => [last.outInterface, packet.inInterface]);
  const bridges = [...new Set(passed)].filter((name) => networks.some(({ bridge }) => bridge === name));
  if (bridges.length === 0) return [];
  const one = bridges.length === 1;
  return [
    proposal(
      `put the ${one ? 'bridge' : 'bridges'} into a zone that lets ${one ? 'it' : 'them'} pass, and ${one ? 'its' : 'their'} containers reach this host's own ports; with --permanent as well, to keep it`,
      ...bridges.map((bridge): RemedyStep => ({
        command: zoneCommand(bridge),
        change: {
          of: 'native',
          table,
          edit: {
            ...{ op: 'insert', chain },
            rules: [`iifname "${bridge}" accept`, `oifname "${bridge}" accept`],
          },
        },
      })),
    ),
  ];
}

/** The base chain of a table in which a packet was stopped. */
function baseAt(table: string, { path: { steps } }: Followed, { netState }: Facts): NativeChain | undefined {
  const chains = readNatives(netState).find((one) => one.table === table)?.read?.chains;
  return steps
    .filter(({ stage }) => stage === table)
    .map(({ chain }) => chains?.get(chain ?? ''))
    .findLast((chain) => chain?.base?.type === 'filter');
}
