import { isDockersTable } from '../../../firewall/nftables/ownership/ownership.ts';
import { USER_CHAIN } from '../../../firewall/iptables/ownership/chain-shapes.ts';
import { memory } from '../../../trace/memory.ts';
import type { NetworkState } from '../../../trace/network-state.ts';
import type { Stopped } from '../../../trace/path.ts';
import { tracePath } from '../../../trace/trace.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Followed } from '../../paths/follow.ts';
import { managerAt, ownerOf } from '../../whose.ts';
import { checksOf } from '../check.ts';
import { closingRemedy } from './closing-remedies.ts';
import { asksPort } from './closing-rules.ts';

const { warn } = checksOf('path');

/**
 * What this host's own filter would stop, if the port were its own.
 *
 * @param isWhole - nobody asked about this port: a filter that closes all that it is not told of closed none
 */
export function judgeInput(followed: Followed, facts: Facts, isWhole: boolean): Check | undefined {
  const { request } = followed;
  const { packet, subjects } = request;
  const { end, steps } = tracePath(packet, withoutNat(facts.netState));
  if (end.at !== 'stopped' || steps.at(-1)?.hook !== 'INPUT') return undefined;
  if (isWhole && !namesPort(end, packet.destinationPort)) return undefined;
  if (isOpened(followed, facts)) return undefined;
  const manager = managerAt({ end, family: packet.family, hook: 'INPUT', way: '' }, facts);
  const port = `${String(packet.destinationPort)}/${packet.protocol}`;
  return warn(
    'closed-in-vain',
    `port ${port} of ${subjects[0] ?? ''} is reachable although ${manager ?? "this host's own filter"} denies it`,
    {
      about: subjects[0] ?? '',
      meaning: `packets for a published port are translated and forwarded: they meet ${facts.tables === undefined ? USER_CHAIN : 'what filters there'}, and never INPUT`,
      evidence: [
        end.rule?.text ?? `policy of ${end.table} ${end.chain}: ${end.target}`,
        `path: ${request.name}`,
      ],
      remedies: closingRemedy(followed, facts),
    },
  );
}

/** Whether a rule lets in what is for this very port, or container: whoever wrote it closed the port no longer. */
const isOpened = ({ path: { steps, last } }: Followed, facts: Facts): boolean =>
  steps.some(
    ({ hook, stage, handle = '', acts, what }) =>
      hook === 'FORWARD' &&
      handle !== '' &&
      acts === 'decides' &&
      !isDockersTable(stage) &&
      /\baccept\b/.test(what) &&
      new RegExp(
        `\\b(?:dport ${String(last.destinationPort)}|daddr ${last.destination.replaceAll('.', '\\.')})\\b`,
      ).test(what),
  ) ||
  steps.some(
    ({ hook, stage, variant = '', rule, acts, what }) =>
      hook === 'FORWARD' &&
      what === 'ACCEPT' &&
      acts === 'decides' &&
      rule !== undefined &&
      ownerOf(rule, stage, last.family, { variant, facts }) !== 'docker' &&
      (asksPort(rule, last.destinationPort, last.protocol) ||
        ` ${rule.text} `.includes(` -d ${last.destination}/`)),
  );

const namesPort = ({ rule }: Stopped, port: number): boolean =>
  rule !== undefined &&
  new RegExp(`\\bdports? (?:\\{ (?:[^}]*, )?|\\S*,)?${String(port)}(?![\\d:-])`).test(rule.text);

const untranslated = memory<NetworkState>();

/** The host without Docker's translations, once for all ports: its own tables of nftables are read only then. */
const withoutNat = (netState: NetworkState): NetworkState =>
  untranslated(netState, '', () => ({
    ...netState,
    cutFrom: netState,
    natives: netState.natives?.filter(({ table }) => !isDockersTable(table)),
    rulesets: netState.rulesets.map(({ variant, rules }) => ({
      variant,
      rules: {
        ipv4: { tables: new Map([...rules.ipv4.tables].filter(([name]) => name !== 'nat')) },
        ipv6: { tables: new Map([...rules.ipv6.tables].filter(([name]) => name !== 'nat')) },
      },
    })),
  }));
